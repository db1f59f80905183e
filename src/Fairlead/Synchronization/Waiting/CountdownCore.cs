using System.Globalization;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A countdown in this process.</summary>
internal sealed unsafe class CountdownCore : LockCore
{
    private readonly Guard _guard;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="count">The initial count.</param>
    public CountdownCore(LockPlace place, int count)
        : base(place, new CountdownWords(place.Start, count).Header, (uint)count, Text)
    {
        Words = new CountdownWords(place.Start, count);
        try
        {
            _guard = new Guard(this, Words.Header, Words.Guard);
        }
        catch
        {
            End();
            throw;
        }
    }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public CountdownWords Words { get; }

    /// <summary>The count that is left.</summary>
    public int Count
    {
        get
        {
            AddReference();
            try
            {
                return Words.Count;
            }
            finally
            {
                RemoveReference();
            }
        }
    }

    /// <summary>Counts up or down.</summary>
    /// <param name="change">The change; negative to count down.</param>
    /// <param name="left">If refused: the count that is left.</param>
    /// <returns>False if the change was refused.</returns>
    public bool TryChange(int change, out int left)
    {
        AddReference();
        try
        {
            CountdownStep step = Words.Change(change, isGuarded: false, out left);
            if (step == CountdownStep.NeedsGuard)
            {
                using (_guard.Enter())
                {
                    step = Words.Change(change, isGuarded: true, out left);
                }
            }

            return step == CountdownStep.Done;
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Sets the count anew.</summary>
    public void Reset(int count)
    {
        AddReference();
        try
        {
            using (_guard.Enter())
            {
                Words.Reset(count);
            }
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Returns whether the count is zero.</summary>
    /// <param name="rounds">If false: the round in which a wait would begin.</param>
    public bool TryPass(out uint rounds)
    {
        AddReference();
        try
        {
            rounds = Words.Rounds;
            return Words.Count == 0;
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
            _guard.Free();
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfCountdown(new ReadOnlySpan<byte>(start, CountdownLayout.Size));

    private static string Text(uint options) => string.Create(CultureInfo.InvariantCulture, $"a countdown from {options}");
}
