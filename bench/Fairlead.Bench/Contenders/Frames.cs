using System.Buffers.Binary;

namespace Fairlead.Bench.Contenders;

/// <summary>The frames of <see cref="Multiplexer"/>: the length of the payload and the number of the call, then the payload.</summary>
internal static class Frame
{
    public const int HeadSize = 2 * sizeof(int);

    /// <summary>Bytes of a buffer until a frame needs more.</summary>
    public const int BufferSize = 64 * 1024;
}

/// <summary>Frames that leave together with one write.</summary>
internal sealed class FrameWriter
{
    private byte[] _bytes = new byte[Frame.BufferSize];
    private int _length;

    public bool IsEmpty => _length == 0;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Append(int call, ReadOnlySpan<byte> payload)
    {
        int length = _length + Frame.HeadSize + payload.Length;
        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(length, 2 * _bytes.Length));
        }

        Span<byte> frame = _bytes.AsSpan(_length);
        BinaryPrimitives.WriteInt32LittleEndian(frame, payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame[sizeof(int)..], call);
        payload.CopyTo(frame[Frame.HeadSize..]);
        _length = length;
    }

    public void Clear() => _length = 0;
}

/// <summary>Frames that came with one read, and the part of a frame behind them.</summary>
internal sealed class FrameReader
{
    private byte[] _bytes = new byte[Frame.BufferSize];
    private int _read;
    private int _filled;

    /// <summary>Returns the memory for the next read, after every whole frame has been taken.</summary>
    public Memory<byte> Room()
    {
        _bytes.AsSpan(_read.._filled).CopyTo(_bytes);
        _filled -= _read;
        _read = 0;
        if (_filled == _bytes.Length)
        {
            Array.Resize(ref _bytes, 2 * _bytes.Length);
        }

        return _bytes.AsMemory(_filled);
    }

    /// <summary>Adds bytes that were read into <see cref="Room"/>.</summary>
    public void Add(int count) => _filled += count;

    /// <summary>Takes the next frame; its payload is valid until <see cref="Room"/>.</summary>
    /// <returns>False when the rest of it has not come yet.</returns>
    public bool TryTake(out int call, out ReadOnlySpan<byte> payload)
    {
        call = 0;
        payload = default;
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_read.._filled);
        if (rest.Length < Frame.HeadSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (length < 0)
        {
            throw new InvalidDataException($"a frame says that it has {length} bytes");
        }

        if (rest.Length - Frame.HeadSize < length)
        {
            return false;
        }

        call = BinaryPrimitives.ReadInt32LittleEndian(rest[sizeof(int)..]);
        payload = rest.Slice(Frame.HeadSize, length);
        _read += Frame.HeadSize + length;
        return true;
    }
}
