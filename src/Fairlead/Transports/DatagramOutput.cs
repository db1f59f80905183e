using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports;

/// <summary>The datagrams still to be sent, each one a message. Not thread-safe; the link's send lock guards it.</summary>
/// <param name="framing">Fairlead's framing, or none for a foreign program.</param>
/// <param name="longest">The length of the longest datagram in bytes.</param>
internal sealed class DatagramOutput(StreamFraming framing, int longest) : IDisposable
{
    private readonly OutputQueue _bytes = new(framing);
    private readonly Queue<int> _lengths = new();

    /// <summary>The waiting bytes, and at least one for each datagram: an empty one waits, too.</summary>
    public int Buffered => Math.Max(_bytes.Buffered, _lengths.Count);

    public void Check(ReadOnlySpan<byte> body)
    {
        // An empty datagram is a datagram, unlike an empty piece of a stream.
        if (!body.IsEmpty)
        {
            framing.Check(body);
        }

        if (framing.PrefixLength + body.Length > longest)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a message of {body.Length} bytes does not fit into a datagram, which has {longest - framing.PrefixLength}",
                "Send less, or choose a transport without this limit.");
        }
    }

    public Span<byte> Reserve(int bodyLength) => _bytes.Reserve(bodyLength);

    public void Commit(in MessageHeader header)
    {
        int before = _bytes.Buffered;
        _bytes.Commit(header);
        _lengths.Enqueue(_bytes.Buffered - before);
    }

    /// <summary>Sends without waiting. Returns the error of the first unsent datagram, or none if all were sent.</summary>
    public Errno Flush(Descriptor socket, ReadOnlySpan<byte> to, LocalHost from = default)
    {
        while (_lengths.Count > 0)
        {
            int sent = NativeDatagrams.Send(socket, _bytes.First, _lengths.GetEnumerator(), to, out Errno error, from);
            if (error != Errno.None)
            {
                return error;
            }

            for (; sent > 0; sent--)
            {
                DropFirst();
            }
        }

        return Errno.None;
    }

    /// <summary>Removes the first datagram.</summary>
    public void DropFirst() => _bytes.Written(_lengths.Dequeue());

    public void Dispose() => _bytes.Dispose();
}
