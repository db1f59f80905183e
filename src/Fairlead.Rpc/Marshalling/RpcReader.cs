using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Rpc;

/// <summary>Unmarshals values, in the format of docs/rpc-format.md. Generated code uses it.</summary>
/// <remarks>
/// The memory may be shared with the peer, which may change it at any time: each value is copied once, and judged after that. Counts and
/// lengths are compared with what is left before anything is allocated. Whatever the bytes are, it ends with a value or with
/// an exception of format, which the caller sees as <see cref="ErrorCode.Corrupt"/>. One thread.
/// </remarks>
public ref partial struct RpcReader
{
    private const int StackText = 512;
    private readonly ReadOnlySpan<byte> _frame;
    private int _at;
    private int _depth;

    private readonly IMemoryShare? _share;

    // Bytes that values may take in memory now, and those that may be added from the share.
    private long _memory;
    private long _rest;

    /// <summary>Makes a reader.</summary>
    /// <param name="frame">The bytes; they must outlive the reader.</param>
    public RpcReader(ReadOnlySpan<byte> frame)
    {
        _frame = frame;
        _memory = RpcLimits.FreeMemory + ((long)RpcLimits.MemoryPerByte * frame.Length);
    }

    /// <summary>Makes a reader whose values count in a share, if they take clearly more memory than the frame has bytes.</summary>
    /// <param name="frame">The bytes, which the share has already; they must outlive the reader.</param>
    /// <param name="share">The share; null: the values do not count.</param>
    internal RpcReader(ReadOnlySpan<byte> frame, IMemoryShare? share)
        : this(frame)
    {
        if (share is not null)
        {
            long free = frame.Length + RpcLimits.MemoryStep;
            _share = share;
            _rest = _memory - free;
            _memory = free;
        }
    }

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => _frame.Length - _at;

    /// <summary>Reads one byte.</summary>
    public byte ReadByte() => Take(1)[0];

    /// <summary>Reads an 8-bit integer.</summary>
    public sbyte ReadSByte() => (sbyte)Take(1)[0];

    /// <summary>Reads one byte, which must be 0 or 1.</summary>
    public bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Corrupt($"{other} is not a boolean"),
    };

    /// <summary>Reads 2 bytes.</summary>
    public short ReadInt16() => BinaryPrimitives.ReadInt16LittleEndian(Take(2));

    /// <summary>Reads 2 bytes.</summary>
    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>Reads a UTF-16 code unit, 2 bytes.</summary>
    public char ReadChar() => (char)BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>Reads 4 bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    /// <summary>Reads 4 bytes.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Reads 8 bytes.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Reads 8 bytes.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Reads 16 bytes.</summary>
    public Int128 ReadInt128() => BinaryPrimitives.ReadInt128LittleEndian(Take(16));

    /// <summary>Reads 16 bytes.</summary>
    public UInt128 ReadUInt128() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    /// <summary>Reads 2 bytes, IEEE 754.</summary>
    public Half ReadHalf() => BinaryPrimitives.ReadHalfLittleEndian(Take(2));

    /// <summary>Reads 4 bytes, IEEE 754.</summary>
    public float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    /// <summary>Reads 8 bytes, IEEE 754.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>Reads 16 bytes.</summary>
    public decimal ReadDecimal()
    {
        Span<int> bits = [ReadInt32(), ReadInt32(), ReadInt32(), ReadInt32()];
        const int Unused = ~unchecked((int)0x80FF0000);
        return (bits[3] & Unused) == 0 && ((bits[3] >> 16) & 0xFF) <= 28
            ? new decimal(bits)
            : throw Corrupt("a decimal has an exponent that does not exist");
    }

    /// <summary>Reads 16 bytes in the order of the text form.</summary>
    public Guid ReadGuid() => new(Take(16), bigEndian: true);

    /// <summary>Reads the ticks, 8 bytes, and the kind, 1 byte.</summary>
    public DateTime ReadDateTime()
    {
        long ticks = ReadInt64();
        byte kind = ReadByte();
        return (ulong)ticks <= (ulong)DateTime.MaxValue.Ticks && kind <= (byte)DateTimeKind.Local
            ? new DateTime(ticks, (DateTimeKind)kind)
            : throw Corrupt("a time lies outside the years 1 to 9999");
    }

    /// <summary>Reads the ticks of the local time, 8 bytes, and the minutes from UTC, 2 bytes.</summary>
    public DateTimeOffset ReadDateTimeOffset()
    {
        long ticks = ReadInt64();
        short minutes = ReadInt16();
        long utc = unchecked(ticks - (minutes * TimeSpan.TicksPerMinute));
        return (ulong)ticks <= (ulong)DateTime.MaxValue.Ticks && minutes is >= -840 and <= 840
            && (ulong)utc <= (ulong)DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.FromMinutes(minutes))
            : throw Corrupt("a time lies outside the years 1 to 9999");
    }

    /// <summary>Reads the number of the day, 4 bytes.</summary>
    public DateOnly ReadDateOnly()
    {
        int day = ReadInt32();
        return day >= 0 && day <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber(day)
            : throw Corrupt("a date lies outside the years 1 to 9999");
    }

    /// <summary>Reads the ticks, 8 bytes.</summary>
    public TimeOnly ReadTimeOnly()
    {
        long ticks = ReadInt64();
        return (ulong)ticks <= (ulong)TimeOnly.MaxValue.Ticks ? new TimeOnly(ticks) : throw Corrupt("a time of day exceeds 24 hours");
    }

    /// <summary>Reads the ticks, 8 bytes.</summary>
    public TimeSpan ReadTimeSpan() => new(ReadInt64());

    /// <summary>Reads a length and the bytes, in two's complement.</summary>
    public BigInteger ReadBigInteger() => new(ReadBytes());

    /// <summary>
    /// Reads a length or a count: at most as many as bytes are left, as every element takes one at least.
    /// </summary>
    public int ReadCount()
    {
        int count = ReadNumber();
        return count <= Left ? count : throw Corrupt($"{count} elements are announced, and {Left} bytes are left");
    }

    /// <summary>Reads the count of a collection, and takes the memory of its elements from that which the frame may take.</summary>
    /// <param name="least">The bytes that an element takes in the frame at least.</param>
    /// <param name="overhead">The bytes that an element takes in memory besides its value.</param>
    /// <typeparam name="T">The type of an element.</typeparam>
    public int ReadCount<T>(int least, int overhead)
    {
        int count = ReadNumber();
        if ((long)count * least > Left)
        {
            throw Corrupt($"{count} elements of {least} or more bytes are announced, and {Left} bytes are left");
        }

        TakeMemory(RpcLimits.CollectionMemory + ((long)count * (Unsafe.SizeOf<T>() + overhead)));
        return count;
    }

    /// <summary>Reads a text, which may be null.</summary>
    public string? ReadStringOrNull()
    {
        int size = ReadNumber() - 1;
        if (size < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> shared = Take(size);
        TakeMemory(RpcLimits.ObjectMemory + (2L * size));
        byte[]? rented = size > StackText ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> copy = rented ?? stackalloc byte[StackText];
        try
        {
            shared.CopyTo(copy);
            return Encoding.UTF8.GetString(copy[..size]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Reads a text, which must not be null.</summary>
    public string ReadString() => ReadStringOrNull() ?? throw Corrupt("a text is missing");

    /// <summary>Reads bytes with their count.</summary>
    public byte[] ReadBytes()
    {
        ReadOnlySpan<byte> bytes = Take(ReadCount());
        TakeMemory(RpcLimits.ObjectMemory + bytes.Length);
        return bytes.ToArray();
    }

    /// <summary>Reads an unmanaged value as it lies in memory.</summary>
    public T ReadUnmanaged<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>()));

    /// <summary>Reads unmanaged values with their count, as they lie in memory.</summary>
    public T[] ReadUnmanagedArray<T>()
        where T : unmanaged
    {
        int count = ReadCount();
        if ((long)count * Unsafe.SizeOf<T>() > Left)
        {
            throw Short(checked((int)Math.Min((long)count * Unsafe.SizeOf<T>(), int.MaxValue)));
        }

        TakeMemory(RpcLimits.ObjectMemory + ((long)count * Unsafe.SizeOf<T>()));
        T[] values = GC.AllocateUninitializedArray<T>(count);
        Take(count * Unsafe.SizeOf<T>()).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Reads the bytes of a serializer, with their count.</summary>
    public T ReadSerialized<T>(RpcSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        ReadOnlySpan<byte> shared = Take(ReadCount());
        TakeMemory(RpcLimits.SerializedMemory * (long)shared.Length);
        byte[] copy = ArrayPool<byte>.Shared.Rent(shared.Length);
        try
        {
            shared.CopyTo(copy);
            return serializer.Deserialize<T>(copy.AsSpan(0, shared.Length));
        }
        catch (Exception exception) when (exception is not FairleadException)
        {
            throw new RpcFormatException($"{serializer.GetType().Name} reads no {typeof(T).Name} from {shared.Length} bytes", exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Returns the error for a case that this reader does not know.</summary>
    public static FormatException NotInUnion<T>(int number)
        where T : class => Refused($"{typeof(T).Name} has no case {number} here; its sender may have a newer version of the contract");

    /// <summary>Begins a nested value; the counterpart is <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > RpcLimits.MaxDepth)
        {
            throw Corrupt($"a value is nested deeper than {RpcLimits.MaxDepth} levels");
        }
    }

    /// <summary>Begins a nested object with a number of parts; the counterpart is <see cref="Leave"/>.</summary>
    public void Enter(int parts)
    {
        Enter();
        TakeMemory(RpcLimits.ObjectMemory + (8L * parts));
    }

    /// <summary>Ends a nested value.</summary>
    public void Leave() => _depth--;

    /// <summary>Reads a length of 4 bytes.</summary>
    /// <returns>How many bytes will be left behind the part; for <see cref="EndLength"/>.</returns>
    public int BeginLength()
    {
        int length = ReadInt32();
        return (uint)length <= (uint)Left ? Left - length : throw Corrupt($"{length} bytes are announced, and {Left} are left");
    }

    /// <summary>Whether the part that <see cref="BeginLength"/> began has more bytes.</summary>
    public readonly bool HasMore(int rest) => Left > rest;

    /// <summary>Skips what is left of a part: members that this reader does not know.</summary>
    public void EndLength(int rest)
    {
        if (Left < rest)
        {
            throw Corrupt("a value is longer than its length says");
        }

        _at = _frame.Length - rest;
    }

    /// <summary>Skips bytes.</summary>
    internal void Skip(int count) => _ = Take(count);

    /// <summary>Reads all that is left. Shared memory: copy it.</summary>
    internal ReadOnlySpan<byte> ReadRest() => Take(Left);

    /// <summary>Checks that nothing is left.</summary>
    public readonly void End()
    {
        if (Left != 0)
        {
            throw Corrupt($"{Left} bytes are left behind the last value");
        }

        _share?.EndRead();
    }

    internal static RpcFormatException Corrupt(string what) => new(what);

    /// <summary>Returns the error for a value that is well-formed, and that this side does not accept.</summary>
    internal static RpcFormatException Refused(string what) => new(what) { IsOfValue = true };

    /// <summary>Reads a number in 7 bits a byte, least significant first.</summary>
    public int ReadNumber()
    {
        uint number = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte part = ReadByte();
            number |= (uint)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                // The fifth byte has room for four bits.
                return number <= RpcLimits.MaxCount && (shift < 28 || part < 0x10)
                    ? (int)number
                    : throw Corrupt($"a count exceeds {RpcLimits.MaxCount}");
            }
        }

        throw Corrupt("a count has more than five bytes");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TakeMemory(long bytes)
    {
        if ((_memory -= bytes) < 0)
        {
            AddMemory();
        }
    }

    /// <summary>Adds what is missing, and some more for the next values.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddMemory()
    {
        long missing = -_memory;
        if (missing > _rest)
        {
            throw Corrupt(
                $"the values of {_frame.Length} bytes need more than {RpcLimits.MemoryPerByte} times as much memory; "
                    + "send them in parts or as a stream");
        }

        long added = Math.Min(_rest, Math.Max(missing, RpcLimits.MemoryStep));
        _share!.Take(added);
        _memory += added;
        _rest -= added;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> Take(int size)
    {
        if ((uint)size > (uint)(_frame.Length - _at))
        {
            throw Short(size);
        }

        ReadOnlySpan<byte> taken = _frame.Slice(_at, size);
        _at += size;
        return taken;
    }

    private readonly RpcFormatException Short(int size) => Corrupt($"it needs {size} more bytes, and {Left} are left");
}
