namespace Fairlead.Framing;

/// <summary>Reference-counted memory of received messages, released by its last holder.</summary>
/// <remarks>The reader holds it while filling it. Each message in it holds it until its lease is disposed.</remarks>
/// <param name="stopsSender">Whether the sender stops when too much of the memory is unreleased.</param>
internal abstract class MemoryLease(bool stopsSender = false)
{
    /// <summary>Whether the sender stops when too much of the memory is unreleased. A field, because each message reads it.</summary>
    public readonly bool StopsSender = stopsSender;

    /// <summary>Releases one hold.</summary>
    /// <remarks><paramref name="token"/> identifies a part of the memory where needed, such as a ring's record. A chunk ignores
    /// it.</remarks>
    public abstract void Release(long token);
}

/// <summary>A piece of receive memory: a pooled chunk for many messages, or a large one for a single long message.</summary>
/// <remarks>
/// Large chunks have an array of <see cref="LargeBuffers"/>. Only the reader fills a chunk, and only behind <c>Filled</c>, so leases read
/// without a lock.
/// </remarks>
internal sealed class Chunk : MemoryLease
{
    /// <summary>The size of a pooled chunk in bytes: one read of a busy stream.</summary>
    public const int PooledSize = 64 * 1024;

    private const int MostPooled = 64;

    private static readonly RankedLock Gate = new(LockRank.ChunkPool);
    private static readonly Chunk[] Pool = new Chunk[MostPooled];
    private static int _pooledCount;

    // The lower half counts the holds. The upper half counts how often the chunk was rented: after a release, it tells whether the chunk is
    // still the same.
    private long _state = 1;
    private readonly bool _isPooled;
    private byte[] _array;

    private Chunk(byte[] array, bool isPooled, int capacity)
    {
        _array = array;
        _isPooled = isPooled;
        Capacity = capacity;
    }

    /// <summary>The bytes to fill. For a long message exactly its frame, which keeps later data out of the chunk.</summary>
    public int Capacity { get; private set; }

    /// <summary>Whether only the caller holds it.</summary>
    public bool IsUnshared => (uint)Volatile.Read(ref _state) == 1;

    /// <summary>Returns a chunk with one hold, the caller's.</summary>
    public static Chunk Rent(int capacity = PooledSize)
    {
        if (capacity > PooledSize)
        {
            return new Chunk(LargeBuffers.Shared.Rent(capacity), isPooled: false, capacity);
        }

        using (Gate.Hold())
        {
            if (_pooledCount > 0)
            {
                Chunk chunk = Pool[--_pooledCount];
                Volatile.Write(ref chunk._state, (((chunk._state >> 32) + 1) << 32) | 1);
                return chunk;
            }
        }

        return new Chunk(GC.AllocateUninitializedArray<byte>(PooledSize, pinned: true), isPooled: true, PooledSize);
    }

    public Span<byte> Free(int from) => _array.AsSpan(from, Capacity - from);

    public ReadOnlySpan<byte> Slice(int start, int end) => _array.AsSpan(start, end - start);

    public ReadOnlyMemory<byte> Memory(int start, int length) => new(_array, start, length);

    public void Hold() => Interlocked.Increment(ref _state);

    /// <summary>Releases the caller's hold, and returns the mark for <see cref="TryHoldAgain"/>.</summary>
    /// <remarks>The chunk stays available while messages hold it, and its free space then costs nothing.</remarks>
    public int Park()
    {
        int mark = (int)(Volatile.Read(ref _state) >> 32);
        Release();
        return mark;
    }

    /// <summary>Holds the chunk again if others have held it ever since.</summary>
    public bool TryHoldAgain(int mark)
    {
        long seen = Volatile.Read(ref _state);
        while ((uint)seen != 0 && (int)(seen >> 32) == mark)
        {
            long before = Interlocked.CompareExchange(ref _state, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    public override void Release(long token) => Release();

    public void Release()
    {
        if ((uint)Interlocked.Decrement(ref _state) != 0)
        {
            return;
        }

        if (!_isPooled)
        {
            byte[] array = _array;
            _array = [];
            LargeBuffers.Shared.Return(array);
            return;
        }

        using (Gate.Hold())
        {
            if (_pooledCount < MostPooled)
            {
                Pool[_pooledCount++] = this;
                return;
            }
        }

        // The pool is full. A parked reference may still exist, and must not keep the memory.
        _array = [];
    }
}
