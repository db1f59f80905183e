using System.Globalization;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A count in this process: permits up to a maximum that belong to no process, and that any process may add.</summary>
internal sealed unsafe class CountCore : LockCore
{
    private readonly Guard _guard;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="most">The maximum of the count.</param>
    public CountCore(LockPlace place, int most)
        : base(place, new CountWords(place.Start).Header, (uint)most, Text)
    {
        Most = most;
        Words = new CountWords(place.Start);
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

    /// <summary>The maximum of the count.</summary>
    public int Most { get; }

    /// <summary>The words in shared memory. The caller must hold a reference to the memory.</summary>
    public CountWords Words { get; }

    /// <summary>Takes a permit if there is one and no caller waits.</summary>
    /// <param name="isClosed">Whether there may be a permit all the same, because others wait.</param>
    public bool TryPass(out bool isClosed)
    {
        AddReference();
        try
        {
            isClosed = Words.IsClosed;
            return !isClosed && Words.TryTake(isLast: false);
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Adds permits.</summary>
    /// <param name="number">How many; 1 or more.</param>
    /// <param name="before">The count before.</param>
    /// <returns>False, without a change, if the count would exceed its maximum.</returns>
    public bool TryAdd(int number, out int before)
    {
        AddReference();
        try
        {
            CountStep step = Words.Add(number, Most, isGuarded: false, out before);
            if (step == CountStep.NeedsGuard)
            {
                using (_guard.Enter())
                {
                    Words.Evict();
                    step = Words.Add(number, Most, isGuarded: true, out before);
                }
            }

            return step == CountStep.Done;
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

    protected override LockSnapshot SnapshotOf(byte* start) => LockSnapshot.OfCount(new ReadOnlySpan<byte>(start, CountLayout.Size));

    private static string Text(uint options) => string.Create(CultureInfo.InvariantCulture, $"a count up to {options}");
}
