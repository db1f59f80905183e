using System.IO.Pipes;
using Fairlead.Native;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>A pipe of bytes, over a stream socket.</summary>
internal sealed class ByteLink(Descriptor socket) : PipeLink(socket)
{
    public override PipeTransmissionMode Mode => PipeTransmissionMode.Byte;

    public override bool IsMessageComplete => true;

    protected override int TryRead(Span<byte> buffer, bool byMessages)
    {
        while (true)
        {
            IoResult read = Socket.Read(buffer);
            if (read.WouldBlock)
            {
                return -1;
            }

            if (!read.Ok)
            {
                if (IsReset(read.Error))
                {
                    continue;
                }

                throw Break(read.Error);
            }

            if (read.IsEnd)
            {
                ThrowIfClosed();
                IsBroken = true;
            }

            return read.Count;
        }
    }

    protected override bool TryWrite(ReadOnlySpan<byte> data, ref int written)
    {
        while (written < data.Length)
        {
            IoResult result = Socket.Write(data[written..]);
            if (result.WouldBlock)
            {
                return false;
            }

            written += result.Ok ? result.Count : throw Break(result.Error);
        }

        return true;
    }
}
