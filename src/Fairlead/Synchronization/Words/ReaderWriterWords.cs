using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a reader-writer lock in shared memory. Nothing here waits. A writer is inside the gate, a mutex, for as long as he writes,
/// and waits there until the readers have left, who have a seat each; a reader takes his seat while the gate is idle, or inside it. Proved
/// in models/readers.pml.
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct ReaderWriterWords(byte* start)
{
    public Form Form => new(start, ReaderWriterLayout.Magic);

    public MutexWords Gate => new(start + ReaderWriterLayout.GateAt);

    public Seats Seats => new(start + ReaderWriterLayout.SeatsAt, ReaderWriterLayout.MostReaders, ReaderWriterLayout.SeatSize);

    /// <summary>On what he sleeps who waits inside the gate.</summary>
    public int* Bell => (int*)(start + ReaderWriterLayout.BellAt);

    /// <summary>Whether somebody inside the gate waits for readers to leave. Written by him.</summary>
    public bool IsWanted => Volatile.Read(ref *Flag(ReaderWriterLayout.IsWantedAt)) != 0;

    /// <summary>Whether a writer is inside. Written inside the gate.</summary>
    public bool IsWriting
    {
        get => Volatile.Read(ref *Flag(ReaderWriterLayout.IsWritingAt)) != 0;
        set => Volatile.Write(ref *Flag(ReaderWriterLayout.IsWritingAt), value ? 1u : 0u);
    }

    /// <summary>Whether a writer has died inside, and no other has put right since what the lock guards. Written inside the gate.</summary>
    public bool IsInDoubt
    {
        get => Volatile.Read(ref *Flag(ReaderWriterLayout.InDoubtAt)) != 0;
        set => Volatile.Write(ref *Flag(ReaderWriterLayout.InDoubtAt), value ? 1u : 0u);
    }

    /// <summary>Who has a seat, as he says himself. Written by him alone.</summary>
    public ref Standing Reader(int seat) => ref Unsafe.AsRef<Standing>(Seats.Beside(seat));

    /// <summary>By who has been given the gate of a dead one: whether that one wrote, he takes note of for all who come.</summary>
    public void NoteDeath()
    {
        // In this order: whoever dies between leaves it to the next.
        if (IsWriting)
        {
            IsInDoubt = true;
            IsWriting = false;
        }
    }

    /// <summary>
    /// Says that who is inside the gate waits; with a full fence: who leaves now has been seen by the look after this, or sees it.
    /// </summary>
    public void Want() => Interlocked.Exchange(ref *Flag(ReaderWriterLayout.IsWantedAt), 1);

    /// <summary>He waits no more.</summary>
    public void WantNoMore() => Volatile.Write(ref *Flag(ReaderWriterLayout.IsWantedAt), 0);

    /// <summary>Wakes who waits inside the gate. By who has left a seat: the step before was a full fence.</summary>
    public void Ring()
    {
        if (IsWanted)
        {
            Futex.AddOneAndWakeAll(ref *Bell);
        }
    }

    private uint* Flag(int at) => (uint*)(start + at);
}
