using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>What is still to be sent of datagrams, each a message. Not thread-safe; the link's send lock holds it.</summary>
/// <param name="framing">Fairlead's, where the other end is one, or none.</param>
/// <param name="longest">Bytes of the longest datagram.</param>
internal sealed class DatagramOutput(StreamFraming framing, int longest) : IDisposable
{
    private readonly OutputQueue _bytes = new(framing);
    private readonly Queue<int> _lengths = new();

    /// <summary>Bytes that wait.</summary>
    public int Buffered => _bytes.Buffered;

    public void Check(ReadOnlySpan<byte> body)
    {
        framing.Check(body);
        if (framing.PrefixLength + body.Length > longest)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a message of {body.Length} bytes does not fit into a datagram; {longest - framing.PrefixLength} do",
                "Send less, or choose a transport that cuts and joins.");
        }
    }

    public Span<byte> Reserve(int bodyLength) => _bytes.Reserve(bodyLength);

    public void Commit(in MessageHeader header)
    {
        int before = _bytes.Buffered;
        _bytes.Commit(header);
        _lengths.Enqueue(_bytes.Buffered - before);
    }

    /// <summary>Sends what goes without waiting. An error is that of the first datagram that waits still; none: all have gone.</summary>
    public Errno Flush(Descriptor socket, ReadOnlySpan<byte> to)
    {
        while (_lengths.Count > 0)
        {
            int sent = NativeDatagrams.Send(socket, _bytes.First, _lengths.GetEnumerator(), to, out Errno error);
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

    /// <summary>Forgets the first datagram.</summary>
    public void DropFirst() => _bytes.Written(_lengths.Dequeue());

    public void Dispose() => _bytes.Dispose();
}
