using System.Buffers;

namespace Fairlead.Framing;

/// <summary>
/// Memory that received messages lie in, given back when its last holder lets go. The reader holds it while it fills it; each message
/// that lies in it holds it until its lease is disposed.
/// </summary>
internal abstract class MemoryLease
{
    /// <summary>
    /// Lets go of one hold. <paramref name="token"/> names the part of the memory where that matters (a ring's record); a chunk does not
    /// need it.
    /// </summary>
    public abstract void Release(long token);
}

/// <summary>
/// A piece of receive memory: small chunks hold many messages and are pooled, large ones hold one long message and come from the shared
/// array pool. Only the reader fills it and only the part behind <c>Filled</c>, so leases read without a lock.
/// </summary>
internal sealed class Chunk : MemoryLease
{
    /// <summary>Bytes of a pooled chunk: one read of a busy stream.</summary>
    public const int PooledSize = 64 * 1024;

    private const int MostPooled = 64;

    private static readonly RankedLock Gate = new(LockRank.ChunkPool);
    private static readonly Chunk[] Pool = new Chunk[MostPooled];
    private static int _pooledCount;

    // The holds in the lower half; in the upper one how often the chunk has been rented, so that who let go of it can tell whether it is
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

    /// <summary>Bytes that may be filled; of a long message's chunk exactly its frame, so that nothing behind it is read into it.</summary>
    public int Capacity { get; private set; }

    /// <summary>Whether nobody but the caller holds it.</summary>
    public bool IsUnshared => (uint)Volatile.Read(ref _state) == 1;

    /// <summary>A chunk with one hold, the caller's.</summary>
    public static Chunk Rent(int capacity = PooledSize)
    {
        if (capacity > PooledSize)
        {
            return new Chunk(ArrayPool<byte>.Shared.Rent(capacity), isPooled: false, capacity);
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

    /// <summary>
    /// Lets go of the caller's hold and says by which mark <see cref="TryHoldAgain"/> finds the chunk as long as messages hold it: what is
    /// free in it costs nothing while they lie there.
    /// </summary>
    public int Park()
    {
        int mark = (int)(Volatile.Read(ref _state) >> 32);
        Release();
        return mark;
    }

    /// <summary>Holds the chunk again if it has been held by others ever since.</summary>
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
            ArrayPool<byte>.Shared.Return(array);
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

        // One too many. Where it was parked it is still known: it must not cost its memory there.
        _array = [];
    }
}
