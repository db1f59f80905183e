using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>An event in this process.</summary>
internal sealed unsafe class EventCore : LockCore
{
    /// <param name="place">Owned from now on.</param>
    /// <param name="isAutomatic">Whether it releases one at a time.</param>
    public EventCore(LockPlace place, bool isAutomatic)
        : base(place, new EventWords(place.Start).Form, isAutomatic ? EventLayout.AutomaticOption : 0, Text)
    {
        Words = new EventWords(place.Start);
        IsAutomatic = isAutomatic;
    }

    public bool IsAutomatic { get; }

    /// <summary>To be touched by who holds the memory.</summary>
    public EventWords Words { get; }

    /// <summary>Goes on if it is set and, where it releases one at a time, nobody waits for it.</summary>
    /// <param name="epoch">Else: when the wait begins.</param>
    public bool TryPass(out uint epoch)
    {
        Hold();
        try
        {
            epoch = Words.Epoch;
            return IsAutomatic ? !Words.IsClosed && Words.TryTake(isLast: false) : Words.IsSet;
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>While the memory is held: one of its steps.</summary>
    public void Do(Action<EventWords> step)
    {
        Hold();
        try
        {
            step(Words);
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Whether it is set.</summary>
    public bool IsSet()
    {
        Hold();
        try
        {
            return Words.IsSet;
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Nobody begins anything from now on, except who waits already. The memory stays as long as somebody needs it.</summary>
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
