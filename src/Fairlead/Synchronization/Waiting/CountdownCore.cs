using System.Globalization;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A countdown in this process.</summary>
internal sealed unsafe class CountdownCore : LockCore
{
    private readonly Guard _guard;

    /// <param name="place">Owned from now on.</param>
    /// <param name="count">Of the beginning.</param>
    public CountdownCore(LockPlace place, int count)
        : base(place, new CountdownWords(place.Start, count).Form, (uint)count, Text)
    {
        Words = new CountdownWords(place.Start, count);
        try
        {
            _guard = new Guard(this, Words.Form, Words.Guard);
        }
        catch
        {
            End();
            throw;
        }
    }

    /// <summary>To be touched by who holds the memory.</summary>
    public CountdownWords Words { get; }

    /// <summary>How much is left.</summary>
    public int Count
    {
        get
        {
            Hold();
            try
            {
                return Words.Count;
            }
            finally
            {
                LetGo();
            }
        }
    }

    /// <summary>Counts up or down.</summary>
    /// <param name="change">Less than zero: down.</param>
    /// <param name="left">How much was left, if it is refused.</param>
    /// <returns>False: refused.</returns>
    public bool TryChange(int change, out int left)
    {
        Hold();
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
            LetGo();
        }
    }

    /// <summary>Begins anew.</summary>
    public void Reset(int count)
    {
        Hold();
        try
        {
            using (_guard.Enter())
            {
                Words.Reset(count);
            }
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Whether it has come to zero.</summary>
    /// <param name="rounds">Else: when the wait begins.</param>
    public bool TryPass(out uint rounds)
    {
        Hold();
        try
        {
            rounds = Words.Rounds;
            return Words.Count == 0;
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
            _guard.Free();
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) =>
        LockSnapshot.OfCountdown(new ReadOnlySpan<byte>(start, CountdownLayout.Size));

    private static string Text(uint options) => string.Create(CultureInfo.InvariantCulture, $"a countdown from {options}");
}
