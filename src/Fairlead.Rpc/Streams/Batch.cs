using System.Buffers.Binary;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>
/// Consecutive items of a stream in one frame, as docs/rpc-format.md shows: whether the stream ends with them (u8), their number (u32), and
/// the items.
/// </summary>
/// <remarks>A copy: its sender cannot change it any more. One thread at a time.</remarks>
internal struct Batch
{
    /// <summary>The bytes before the items.</summary>
    public const int Header = 5;

    private readonly byte[] _frame;
    private int _at;
    private int _left;

    private Batch(byte[] frame, int left, bool isLast) => (_frame, _at, _left, IsLast) = (frame, Header, left, isLast);

    /// <summary>Whether the stream ends behind the items.</summary>
    public bool IsLast { get; }

    /// <summary>Copies a batch and checks its header.</summary>
    /// <exception cref="RpcFormatException">It is not a batch.</exception>
    public static Batch Copy(ReadOnlySpan<byte> frame)
    {
        byte[] copy = frame.ToArray();
        RpcReader reader = new(copy);
        bool isLast = reader.ReadBoolean();
        uint count = reader.ReadUInt32();
        if (count > RpcLimits.BatchItems)
        {
            throw RpcReader.Corrupt($"a batch announces {count} items");
        }

        if (count == 0)
        {
            reader.End();
        }

        return new Batch(copy, (int)count, isLast);
    }

    /// <summary>Writes the header.</summary>
    public static void WriteHeader(Span<byte> header, bool isLast, int count)
    {
        header[0] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(header[1..], count);
    }

    /// <summary>Unmarshals the next item.</summary>
    /// <param name="read">Unmarshals it.</param>
    /// <param name="item">The item.</param>
    /// <param name="share">The share of its client in memory; null: it has none.</param>
    /// <returns>False: there is none left.</returns>
    /// <exception cref="RpcFormatException">The bytes are not such an item. Full: it needs more memory than is left.</exception>
    public bool TryRead<T>(RpcRead<T> read, out T item, IMemoryShare? share = null)
    {
        if (_left == 0)
        {
            item = default!;
            return false;
        }

        RpcReader reader = new(_frame.AsSpan(_at), share);
        item = read(ref reader);
        _at = _frame.Length - reader.Left;
        if (--_left == 0)
        {
            reader.End();
        }

        return true;
    }
}

/// <summary>A batch, and its bytes among those that its client makes the server keep.</summary>
internal readonly record struct HeldBatch(Batch Batch, ClientShares.HeldFrame Held);
