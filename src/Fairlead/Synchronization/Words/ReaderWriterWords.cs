using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a reader-writer lock in shared memory. None of them waits. A writer holds the gate, a mutex, for as long as it writes, and
/// waits there until the readers have left. Each reader has a slot, which it takes while the gate is idle, or inside the gate. Verified in
/// models/readers.pml.
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct ReaderWriterWords(byte* start)
{
    public LockHeader Header => new(start, ReaderWriterLayout.Magic);

    public MutexWords Gate => new(start + ReaderWriterLayout.GateAt);

    public LockSlots Slots => new(start + ReaderWriterLayout.SlotsAt, ReaderWriterLayout.MostReaders, ReaderWriterLayout.SlotSize);

    /// <summary>The word that a caller inside the gate sleeps on.</summary>
    public int* Doorbell => (int*)(start + ReaderWriterLayout.DoorbellAt);

    /// <summary>Whether a caller inside the gate waits for readers to leave. That caller writes it.</summary>
    public bool IsWanted => Volatile.Read(ref *Flag(ReaderWriterLayout.IsWantedAt)) != 0;

    /// <summary>Whether a writer is inside. Written inside the gate.</summary>
    public bool IsWriting
    {
        get => Volatile.Read(ref *Flag(ReaderWriterLayout.IsWritingAt)) != 0;
        set => Volatile.Write(ref *Flag(ReaderWriterLayout.IsWritingAt), value ? 1u : 0u);
    }

    /// <summary>Whether a writer has died inside and no writer has marked the data consistent since. Written inside the gate.</summary>
    public bool IsInDoubt
    {
        get => Volatile.Read(ref *Flag(ReaderWriterLayout.InDoubtAt)) != 0;
        set => Volatile.Write(ref *Flag(ReaderWriterLayout.InDoubtAt), value ? 1u : 0u);
    }

    /// <summary>The owner info of a slot. Only its owner writes it.</summary>
    public ref OwnerInfo Reader(int seat) => ref Unsafe.AsRef<OwnerInfo>(Slots.Beside(seat));

    /// <summary>Records whether a dead owner of the gate was writing. Called by the next owner, for all later callers.</summary>
    public void NoteDeath()
    {
        // In this order: if this process dies in between, the next one repeats it.
        if (IsWriting)
        {
            IsInDoubt = true;
            IsWriting = false;
        }
    }

    /// <summary>
    /// Announces that the caller inside the gate waits. A full fence: a leaving reader was seen by the check that follows, or sees this.
    /// </summary>
    public void Want() => Interlocked.Exchange(ref *Flag(ReaderWriterLayout.IsWantedAt), 1);

    /// <summary>Withdraws the announcement.</summary>
    public void WantNoMore() => Volatile.Write(ref *Flag(ReaderWriterLayout.IsWantedAt), 0);

    /// <summary>Wakes the caller inside the gate. Called by a reader that has left its slot; the step before was a full fence.</summary>
    public void Ring()
    {
        if (IsWanted)
        {
            Futex.AddOneAndWakeAll(ref *Doorbell);
        }
    }

    private uint* Flag(int at) => (uint*)(start + at);
}
