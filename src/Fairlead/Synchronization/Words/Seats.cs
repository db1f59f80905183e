using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// Several words that processes own, one each: permits, readers, parties. A seat is a lock that nobody waits for by itself: it is taken and
/// left by one compare-and-swap, and where its owner dies the kernel marks it, so that nothing needs repair. Who waits for seats looks at
/// all of them, and is told by those who leave, or by the end of those whom he has found there. Memory that is zero is seats that are all
/// free.
/// <code>
///    0  word (LockWord)                    u32    both are
///    4  mark: what the owner says of it    u32    changed in one step
///    8  whatever goes with it, up to the size
/// </code>
/// </summary>
/// <param name="start">Where they lie in a <see cref="RobustMemory"/>, at a multiple of 16.</param>
/// <param name="count">How many.</param>
/// <param name="size">Of one, in bytes: a multiple of 16, since the entry of a list lies at the same offset of the private memory.</param>
internal readonly unsafe struct Seats(byte* start, int count, int size)
{
    /// <summary>In the place of an owner: it is nobody's, and not free either. No thread has this number, and no list leads here.</summary>
    public const uint Moved = Libc.FUTEX_TID_MASK;

    /// <summary>The smallest size.</summary>
    public const int SmallestSize = 16;

    public int Count => count;

    /// <summary>A seat as it is now.</summary>
    public Seat this[int index] => Seat.Of(Volatile.Read(ref *Both(index)));

    /// <summary>Looks for one that has no owner, or a dead one, once around.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was found: to be taken in exchange for that.</param>
    public bool TryFindFree(int from, out int index, out Seat found)
    {
        for (int i = 0; i < count; i++)
        {
            index = from + i < count ? from + i : from + i - count;
            found = this[index];
            if (found.Word.Owner == 0)
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>
    /// Takes one without a living owner, in the keeper's name. Inside its gate. Acquire: all is seen that was done before it was left.
    /// </summary>
    /// <param name="keeper">Has room for a word more.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was.</param>
    /// <param name="mark">What is said of it in the same step.</param>
    public bool TryTake(RobustKeeper keeper, int index, Seat found, uint mark) =>
        keeper.TryTake(Word(index), Both(index), found.Both, new Seat(new LockWord(keeper.Id), mark).Both);

    /// <summary>Leaves one; its mark stays. Inside the keeper's gate. Release.</summary>
    public void Leave(RobustKeeper keeper, int index) => keeper.Release(Word(index), keep: 0);

    /// <summary>Leaves one so that it is moved. Inside the keeper's gate.</summary>
    public void LeaveMoved(RobustKeeper keeper, int index) => keeper.Exchange(Word(index), Moved);

    /// <summary>Makes one that no process owns what it is to be, if it is still as it was found; without an owner.</summary>
    public bool TryChange(int index, Seat found, Seat wanted) =>
        Interlocked.CompareExchange(ref *Both(index), wanted.Both, found.Both) == found.Both;

    /// <summary>The word of one, which its owner's keeper owns.</summary>
    public uint* Word(int index) => (uint*)(Place(index) + LineLayout.WordAt);

    /// <summary>What goes with one: written by its owner.</summary>
    public byte* Beside(int index) => Place(index) + sizeof(ulong);

    private ulong* Both(int index) => (ulong*)Place(index);

    private byte* Place(int index) => start + ((nint)index * size);
}

/// <summary>A seat as it is at one moment.</summary>
/// <param name="Word">Whose it is.</param>
/// <param name="Mark">What its last owner has said of it when he took it.</param>
internal readonly record struct Seat(LockWord Word, uint Mark)
{
    /// <summary>Whether a process owns it, which may have died unnoticed.</summary>
    public bool HasOwner => Word.Owner is not (0 or Seats.Moved);

    /// <summary>The eight bytes.</summary>
    public ulong Both => BitConverter.IsLittleEndian ? ((ulong)Mark << 32) | Word.Value : ((ulong)Word.Value << 32) | Mark;

    public static Seat Of(ulong both) =>
        BitConverter.IsLittleEndian ? new(new LockWord((uint)both), (uint)(both >> 32)) : new(new LockWord((uint)(both >> 32)), (uint)both);
}
