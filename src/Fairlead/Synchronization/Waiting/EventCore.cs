using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>An event in this process.</summary>
internal sealed unsafe class EventCore : LockCore
{
    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="isAutomatic">Whether the event releases one waiter at a time.</param>
    public EventCore(LockPlace place, bool isAutomatic)
        : base(place, new EventWords(place.Start).Header, isAutomatic ? EventLayout.AutomaticOption : 0, Text)
    {
        Words = new EventWords(place.Start);
        IsAutomatic = isAutomatic;
    }

    public bool IsAutomatic { get; }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public EventWords Words { get; }

    /// <summary>Passes if the event is set and, for an automatic one, has no waiter.</summary>
    /// <param name="epoch">If false: the epoch in which a wait would begin.</param>
    public bool TryPass(out uint epoch) => TryPass(out epoch, out _);

    /// <summary>Same, and says whether an automatic event may be set although the caller did not pass, because it has waiters.</summary>
    public bool TryPass(out uint epoch, out bool isClosed)
    {
        AddReference();
        try
        {
            epoch = Words.Epoch;
            isClosed = IsAutomatic && Words.IsClosed;
            return !isClosed && (IsAutomatic ? Words.TryTake(isLast: false) : Words.IsSet);
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Runs one step on the words of the event, with a reference to the memory.</summary>
    public void Do(Action<EventWords> step)
    {
        AddReference();
        try
        {
            step(Words);
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Returns whether the event is set.</summary>
    public bool IsSet()
    {
        AddReference();
        try
        {
            return Words.IsSet;
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Rejects new calls; present waiters continue. The memory stays while any of them needs it.</summary>
    public override void Close()
    {
        if (TryClose())
        {
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) => LockSnapshot.OfEvent(new ReadOnlySpan<byte>(start, EventLayout.Size));

    private static string Text(uint options) =>
        (options & EventLayout.AutomaticOption) != 0 ? "an automatic event" : "a manual event";
}
