using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Marshalling;

namespace Fairlead.Rpc;

/// <summary>Marshals values into one growing buffer, in the format of docs/rpc-format.md. Generated code uses it.</summary>
/// <remarks>
/// Owns its rented buffer: dispose the writer. It starts in memory of the caller, mostly a stack, and rents when that is full. One thread.
/// </remarks>
public ref partial struct RpcWriter : IDisposable
{
    /// <summary>The bytes of stack with which generated code starts: enough for most calls.</summary>
    public const int InitialSize = 256;

    // The other one would write U+FFFD, and the reader would get another text without a word.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Span<byte> _buffer;
    private byte[]? _rented;
    private int _length;
    private int _depth;

    /// <summary>Makes a writer.</summary>
    /// <param name="initial">The memory to start in; it must outlive the writer.</param>
    public RpcWriter(Span<byte> initial) => _buffer = initial;

    /// <summary>The bytes written so far. Valid until the next write.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>The lane that the bytes must take: to the process that knows the objects in them; null: any.</summary>
    internal IRpcLane? Lane { readonly get; set; }

    /// <summary>The objects in the bytes that the server may call as long as the call lasts; null: there are none.</summary>
    internal CallObjects? Objects { readonly get; set; }

    /// <summary>The options of the call that the bytes are; null: it has none.</summary>
    internal CallSettings? Settings { readonly get; set; }

    /// <summary>Whether the bytes no longer stand in the memory that the writer was given.</summary>
    internal readonly bool HasGrown => _rented is not null;

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value) => Take(1)[0] = value;

    /// <summary>Writes an 8-bit integer.</summary>
    public void WriteSByte(sbyte value) => Take(1)[0] = (byte)value;

    /// <summary>Writes one byte: 1 for true, 0 for false.</summary>
    public void WriteBoolean(bool value) => Take(1)[0] = value ? (byte)1 : (byte)0;

    /// <summary>Writes 2 bytes.</summary>
    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Take(2), value);

    /// <summary>Writes 2 bytes.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Writes a UTF-16 code unit, 2 bytes.</summary>
    public void WriteChar(char value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Writes 4 bytes.</summary>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    /// <summary>Writes 4 bytes.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    /// <summary>Writes 8 bytes.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>Writes 8 bytes.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Writes 16 bytes.</summary>
    public void WriteInt128(Int128 value) => BinaryPrimitives.WriteInt128LittleEndian(Take(16), value);

    /// <summary>Writes 16 bytes.</summary>
    public void WriteUInt128(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Take(16), value);

    /// <summary>Writes 2 bytes, IEEE 754.</summary>
    public void WriteHalf(Half value) => BinaryPrimitives.WriteHalfLittleEndian(Take(2), value);

    /// <summary>Writes 4 bytes, IEEE 754.</summary>
    public void WriteSingle(float value) => BinaryPrimitives.WriteSingleLittleEndian(Take(4), value);

    /// <summary>Writes 8 bytes, IEEE 754.</summary>
    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    /// <summary>Writes 16 bytes: the four words of <see cref="decimal.GetBits(decimal)"/>.</summary>
    public void WriteDecimal(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value, bits);
        foreach (int word in bits)
        {
            WriteInt32(word);
        }
    }

    /// <summary>Writes 16 bytes in the order of the text form.</summary>
    public void WriteGuid(Guid value) => _ = value.TryWriteBytes(Take(16), bigEndian: true, out _);

    /// <summary>Writes the ticks, 8 bytes, and the kind, 1 byte.</summary>
    public void WriteDateTime(DateTime value)
    {
        WriteInt64(value.Ticks);
        WriteByte((byte)value.Kind);
    }

    /// <summary>Writes the ticks of the local time, 8 bytes, and the minutes from UTC, 2 bytes.</summary>
    public void WriteDateTimeOffset(DateTimeOffset value)
    {
        WriteInt64(value.Ticks);
        WriteInt16((short)value.TotalOffsetMinutes);
    }

    /// <summary>Writes the number of the day, 4 bytes.</summary>
    public void WriteDateOnly(DateOnly value) => WriteInt32(value.DayNumber);

    /// <summary>Writes the ticks, 8 bytes.</summary>
    public void WriteTimeOnly(TimeOnly value) => WriteInt64(value.Ticks);

    /// <summary>Writes the ticks, 8 bytes.</summary>
    public void WriteTimeSpan(TimeSpan value) => WriteInt64(value.Ticks);

    /// <summary>Writes a length and the bytes, in two's complement.</summary>
    public void WriteBigInteger(BigInteger value)
    {
        int size = value.GetByteCount();
        WriteCount(size);
        _ = value.TryWriteBytes(Take(size), out _);
    }

    /// <summary>Writes a length or a count in 7 bits a byte, least significant first.</summary>
    public void WriteCount(int count)
    {
        uint rest = (uint)count;
        while (rest >= 0x80)
        {
            WriteByte((byte)(rest | 0x80));
            rest >>= 7;
        }

        WriteByte((byte)rest);
    }

    /// <summary>Writes a text: the length in bytes plus one, and UTF-8.</summary>
    /// <exception cref="FairleadException">NotSupported: the text has half of a surrogate pair.</exception>
    public void WriteString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int size;
        try
        {
            size = Strict.GetByteCount(value);
        }
        catch (EncoderFallbackException exception)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a text has half of a surrogate pair at character {exception.Index + 1}, which UTF-8 cannot express",
                "Send complete characters, or the UTF-16 code units as char[].",
                exception);
        }

        WriteCount(size + 1);
        Strict.GetBytes(value, Take(size));
    }

    /// <summary>Writes a text for people, or 0 for null. Half of a surrogate pair becomes U+FFFD: an error must arrive.</summary>
    internal void WriteMessage(string? value)
    {
        int size = value is null ? -1 : Encoding.UTF8.GetByteCount(value);
        WriteCount(size + 1);
        if (size > 0)
        {
            Encoding.UTF8.GetBytes(value, Take(size));
        }
    }

    /// <summary>Writes a text as <see cref="WriteString"/> does, or 0 for null.</summary>
    public void WriteStringOrNull(string? value)
    {
        if (value is null)
        {
            WriteCount(0);
        }
        else
        {
            WriteString(value);
        }
    }

    /// <summary>Writes bytes with their count.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Writes bytes with their count.</summary>
    public void WriteSequence(in ReadOnlySequence<byte> value)
    {
        int size = checked((int)value.Length);
        WriteCount(size);
        value.CopyTo(Take(size));
    }

    /// <summary>
    /// Whether values of a type, which take this many bytes on the wire, lie in memory as they stand there: without gaps, and least
    /// significant byte first.
    /// </summary>
    public static bool Copies<T>(int size)
        where T : unmanaged => BitConverter.IsLittleEndian && Unsafe.SizeOf<T>() == size;

    /// <summary>Writes an unmanaged value as it lies in memory.</summary>
    public void WriteUnmanaged<T>(in T value)
        where T : unmanaged => MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in value);

    /// <summary>Writes unmanaged values with their count, as they lie in memory.</summary>
    public void WriteUnmanagedArray<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        WriteCount(values.Length);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>Writes the bytes of a serializer, with their count.</summary>
    public void WriteSerialized<T>(RpcSerializer serializer, T value)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        ArrayBufferWriter<byte> buffer = SerializerBuffer.Take();
        serializer.Serialize(value, buffer);
        WriteBytes(buffer.WrittenSpan);
        SerializerBuffer.Return(buffer);
    }

    /// <summary>Writes bytes without their count.</summary>
    internal void WriteRaw(scoped ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>The bytes at a place that is already written.</summary>
    internal readonly Span<byte> At(int start, int size) => _buffer[.._length].Slice(start, size);

    /// <summary>Checks that a value has exactly the type of the contract: the parts of a derived type would be lost.</summary>
    /// <exception cref="FairleadException">NotSupported: the value has a derived type.</exception>
    public static void CheckType<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.GetType() != typeof(T))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a value of type {value.GetType()} cannot travel as a {typeof(T)}, because the parts of the derived type would be lost",
                $"List the types that travel with [RpcUnion] on {typeof(T).Name}, or send a {typeof(T).Name}.");
        }
    }

    /// <summary>Returns the error for a value whose type is not a case of its union.</summary>
    public static FairleadException NotInUnion<T>(Type type)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        return new FairleadException(
            ErrorCode.NotSupported,
            $"a value of type {type} cannot travel as a {typeof(T)}, because it is not among the cases of that union",
            $"List the type with [RpcUnion] on {typeof(T).Name}.");
    }

    /// <summary>Begins a nested value; the counterpart is <see cref="Leave"/>.</summary>
    /// <exception cref="FairleadException">TooLarge: nested too deep, perhaps in a circle.</exception>
    public void Enter()
    {
        if (++_depth > RpcLimits.MaxDepth)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a value is nested deeper than {RpcLimits.MaxDepth} levels",
                "A value that contains itself cannot be marshalled: send a list and refer to its elements by number.");
        }
    }

    /// <summary>Ends a nested value.</summary>
    public void Leave() => _depth--;

    /// <summary>Reserves 4 bytes for the length of what follows; <see cref="EndLength"/> fills them.</summary>
    /// <returns>Where they are.</returns>
    public int BeginLength()
    {
        _ = Take(4);
        return _length;
    }

    /// <summary>Fills the length that <see cref="BeginLength"/> reserved.</summary>
    public readonly void EndLength(int start) =>
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.Slice(start - 4, 4), _length - start);

    /// <summary>Returns the rented buffer. Harmless the second time.</summary>
    public void Dispose()
    {
        byte[]? rented = _rented;
        _rented = null;
        _buffer = default;
        _length = 0;
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Take(int size)
    {
        if (_buffer.Length - _length < size)
        {
            Grow(size);
        }

        Span<byte> taken = _buffer.Slice(_length, size);
        _length += size;
        return taken;
    }

    private void Grow(int size)
    {
        long wanted = Math.Max((long)_length + size, Math.Min(_buffer.Length * 2L, Array.MaxLength));
        if (wanted > Array.MaxLength)
        {
            throw new FairleadException(
                ErrorCode.TooLarge, "the arguments of a call exceed 2 GiB", "Send large data as a stream of parts.");
        }

        byte[] grown = ArrayPool<byte>.Shared.Rent((int)wanted);
        Written.CopyTo(grown);
        byte[]? former = _rented;
        _rented = grown;
        _buffer = grown;
        if (former is not null)
        {
            ArrayPool<byte>.Shared.Return(former);
        }
    }
}
