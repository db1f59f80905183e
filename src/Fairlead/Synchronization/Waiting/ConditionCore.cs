using System.Text;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A condition in this process.</summary>
internal sealed unsafe class ConditionCore : LockCore
{
    private readonly MutexCore _mutex;

    /// <param name="place">Owned from now on.</param>
    /// <param name="mutex">Which it goes with.</param>
    public ConditionCore(LockPlace place, MutexCore mutex)
        : base(
            place,
            new ConditionWords(place.Start).Form,
            Hash(mutex.Identity),
            options => options == Hash(mutex.Identity) ? $"a condition of {mutex.Description}" : "a condition of another mutex")
    {
        _mutex = mutex;
        Words = new ConditionWords(place.Start);
    }

    /// <summary>To be touched by who holds the memory.</summary>
    public ConditionWords Words { get; }

    /// <summary>By who is inside the mutex: stands in the line, and leaves the mutex.</summary>
    /// <param name="stay">In the mutex.</param>
    /// <param name="thread">Of who waits; 0: none.</param>
    /// <exception cref="ArgumentException">It is no stay in that mutex.</exception>
    public ConditionAttempt Begin(Stay stay, int thread)
    {
        Check(stay);
        return new ConditionAttempt(this, _mutex, stay, thread);
    }

    /// <summary>By who is inside the mutex: wakes one, or all.</summary>
    /// <exception cref="ArgumentException">It is no stay in that mutex.</exception>
    public void Notify(Stay stay, bool all)
    {
        Check(stay);
        Hold();
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
            LetGo();
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

    /// <summary>It is no stay, or not in that mutex.</summary>
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
