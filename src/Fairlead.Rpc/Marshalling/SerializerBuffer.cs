using System.Buffers;

namespace Fairlead.Rpc.Marshalling;

/// <summary>The memory into which a serializer writes a value. Each thread keeps one.</summary>
internal static class SerializerBuffer
{
    private const int LargestKept = 1 << 20;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _free;

    /// <summary>Takes an empty buffer. A serializer that calls another finds none, and makes its own.</summary>
    public static ArrayBufferWriter<byte> Take()
    {
        ArrayBufferWriter<byte> buffer = _free ?? new ArrayBufferWriter<byte>(256);
        _free = null;
        return buffer;
    }

    /// <summary>Gives it back.</summary>
    public static void Return(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity <= LargestKept)
        {
            buffer.ResetWrittenCount();
            _free = buffer;
        }
    }
}
