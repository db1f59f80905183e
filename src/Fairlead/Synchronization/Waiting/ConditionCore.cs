using System.Text;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A condition in this process.</summary>
internal sealed unsafe class ConditionCore : LockCore
{
    private readonly MutexCore _mutex;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="mutex">The mutex of the condition.</param>
    public ConditionCore(LockPlace place, MutexCore mutex)
        : base(
            place,
            new ConditionWords(place.Start).Header,
            Hash(mutex.Identity),
            options => options == Hash(mutex.Identity) ? $"a condition of {mutex.Description}" : "a condition of another mutex")
    {
        _mutex = mutex;
        Words = new ConditionWords(place.Start);
    }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public ConditionWords Words { get; }

    /// <summary>Joins the wait queue and leaves the mutex. The caller is inside the mutex.</summary>
    /// <param name="stay">The caller's entry into the mutex.</param>
    /// <param name="thread">The waiting thread; 0 for an asynchronous caller.</param>
    /// <exception cref="ArgumentException">The entry is not one into that mutex, or it has ended.</exception>
    public ConditionAttempt Begin(Stay stay, int thread)
    {
        Check(stay);
        return new ConditionAttempt(this, _mutex, stay, thread);
    }

    /// <summary>Wakes one waiter, or all. The caller is inside the mutex.</summary>
    /// <exception cref="ArgumentException">The entry is not one into that mutex, or it has ended.</exception>
    public void Notify(Stay stay, bool all)
    {
        Check(stay);
        AddReference();
        try
        {
            if (all)
            {
                Words.NotifyAll();
            }
            else
            {
                Words.NotifyOne();
            }
        }
        finally
        {
            RemoveReference();
        }
    }

    public override void Close()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            End();
        }
    }

    /// <summary>Creates the error for a scope that is not inside the mutex of the condition.</summary>
    public ArgumentException NotInside() =>
        new(
            $"{Description} needs a scope that is inside {_mutex.Description}, from the NamedMutex object it was opened with.",
            "scope");

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfCondition(new ReadOnlySpan<byte>(start, ConditionLayout.Size));

    private void Check(Stay stay)
    {
        if (stay.Hold is not { } hold || hold.Core != _mutex || !hold.IsInside(stay.Entry))
        {
            throw NotInside();
        }
    }

    // FNV-1a: the same in all processes and versions.
    private static uint Hash(string identity) =>
        Encoding.UTF8.GetBytes(identity).Aggregate(2166136261, static (hash, next) => unchecked((hash ^ next) * 16777619));
}
