using System.Buffers;
using System.IO.Pipes;
using Fairlead.Native;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// A pipe of messages, over a socket of packets. A message is one packet or several: the first byte of each says whether it ends its
/// message.
/// <code>
///   | 0 | part of a message, and another one follows
///   | 1 | the last part; alone, a whole message
///   | 2 | nothing: the writer does not complete the message
/// </code>
/// </summary>
/// <remarks>
/// No length is announced: a reader holds at most one packet, whatever the other end sends, and an idle pipe holds none.
/// </remarks>
internal sealed class MessageLink : PipeLink
{
    private const int LargestPacket = 64 * 1024;

    // With its first byte, a packet is one byte shorter than the buffer of a reader, who thus sees one that is too long.
    private const int LargestPart = LargestPacket - 2;
    private const int SmallestPart = 512;

    private const byte Part = 0;
    private const byte Last = 1;
    private const byte Cut = 2;

    // What did not fit into the reader's buffer: the rest of one packet, in memory of the pool.
    private byte[]? _packet;
    private int _begin;
    private int _end;

    // Whether the packet that was read last ends its message.
    private bool _isLast = true;

    // Whether a part of a message has been read, and its end has not.
    private bool _isInside;

    private int _partSize;
    private bool _owesCut;

    public MessageLink(Descriptor socket, int outBufferSize)
        : base(socket) =>
        _partSize = outBufferSize > 0 ? Math.Clamp(outBufferSize, SmallestPart, LargestPart) : LargestPart;

    public override PipeTransmissionMode Mode => PipeTransmissionMode.Message;

    public override bool IsMessageComplete => _isLast && _packet is null;

    protected override int TryRead(Span<byte> buffer, bool byMessages)
    {
        while (_packet is null)
        {
            IoResult received = buffer.Length > LargestPart ? Receive(buffer, out byte kind) : Receive(out kind);
            if (received.WouldBlock)
            {
                return -1;
            }

            if (!received.Ok)
            {
                if (IsReset(received.Error))
                {
                    continue;
                }

                throw Break(received.Error);
            }

            if (received.IsEnd)
            {
                return End();
            }

            int count = received.Count - 1;
            if (Accept(kind, count) && (count > 0 || byMessages))
            {
                return _packet is null ? count : Take(buffer);
            }
        }

        return Take(buffer);
    }

    protected override bool TryWrite(ReadOnlySpan<byte> data, ref int written)
    {
        if (_owesCut)
        {
            if (!TrySend(Cut, [], out _))
            {
                return false;
            }

            _owesCut = false;
        }

        while (true)
        {
            int size = Math.Min(data.Length - written, _partSize);
            bool isLast = written + size == data.Length;
            if (TrySend(isLast ? Last : Part, data.Slice(written, size), out bool isTooLong))
            {
                written += size;
                if (isLast)
                {
                    return true;
                }
            }
            else if (!isTooLong)
            {
                return false;
            }
            else
            {
                // The system's buffers are smaller than a packet.
                _partSize = size / 2;
            }
        }
    }

    protected override void CutMessage() => _owesCut = true;

    /// <summary>Reads a packet into a buffer that holds the largest one.</summary>
    private IoResult Receive(Span<byte> buffer, out byte kind)
    {
        kind = 0;
        return Socket.Read(new Span<byte>(ref kind), buffer);
    }

    /// <summary>Reads a packet into memory of the pool, where it stays if it has content.</summary>
    private IoResult Receive(out byte kind)
    {
        byte[] packet = ArrayPool<byte>.Shared.Rent(LargestPacket);
        IoResult received = Socket.Read(packet.AsSpan(0, LargestPacket));
        kind = packet[0];
        if (received.Count > 1)
        {
            (_packet, _begin, _end) = (packet, 1, received.Count);
        }
        else
        {
            ArrayPool<byte>.Shared.Return(packet);
        }

        return received;
    }

    /// <summary>Notes what a packet says of its message. Returns whether it belongs to one.</summary>
    private bool Accept(byte kind, int count)
    {
        switch (kind)
        {
            case Part when count is > 0 and <= LargestPart:
                _isLast = false;
                _isInside = true;
                return true;

            case Last when count <= LargestPart:
                _isLast = true;
                _isInside = false;
                return true;

            case Cut when count == 0:
                bool wasInside = _isInside;
                _isLast = true;
                _isInside = false;
                return wasInside ? throw PipeErrors.Cut(wasCancelled: true) : false;

            default:
                Forget();
                _isInside = false;
                IsBroken = true;
                Socket.ShutdownSocket(ShutdownHow.Both);
                throw PipeErrors.Corrupt();
        }
    }

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _begin);
        _packet.AsSpan(_begin, count).CopyTo(buffer);
        _begin += count;
        if (_begin == _end)
        {
            Forget();
        }

        return count;
    }

    private int End()
    {
        ThrowIfClosed();
        IsBroken = true;
        bool wasInside = _isInside;
        _isLast = true;
        _isInside = false;
        return wasInside ? throw PipeErrors.Cut(wasCancelled: false) : 0;
    }

    private void Forget()
    {
        if (_packet is { } packet)
        {
            _packet = null;
            ArrayPool<byte>.Shared.Return(packet);
        }
    }

    private bool TrySend(byte kind, ReadOnlySpan<byte> part, out bool isTooLong)
    {
        IoResult sent = Socket.Write(new ReadOnlySpan<byte>(in kind), part);
        isTooLong = sent.Error == Errno.EMSGSIZE && part.Length > 1;
        return sent.Ok || (sent.WouldBlock || isTooLong ? false : throw Break(sent.Error));
    }
}
