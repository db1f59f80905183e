using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// Sets an event of this process once, when a word of shared memory changes: for a thread that sleeps in the platform's wait. It takes
/// nothing. One of the waiter threads sleeps on the word; it may be asleep there for a moment after the doorbell has ended.
/// </summary>
internal sealed unsafe class Doorbell : Turn
{
    private readonly LockCore _core;
    private readonly int* _word;
    private readonly int _value;
    private readonly int _ended;
    private readonly System.Threading.EventWaitHandle _rung;
    private int _isOver;

    /// <param name="core">The owner of the memory, of which this object keeps a reference until it is over.</param>
    /// <param name="word">The word.</param>
    /// <param name="value">The value that the caller saw.</param>
    /// <param name="ended"><see cref="KeeperWatch.Ended"/>, read before the caller checked the word.</param>
    /// <param name="rung">The event to set. Not disposed: the doorbell may ring late.</param>
    public Doorbell(LockCore core, int* word, int value, int ended, System.Threading.EventWaitHandle rung)
    {
        _core = core;
        _word = word;
        _value = value;
        _ended = ended;
        _rung = rung;
        core.AddReference();
    }

    /// <summary>Begins to watch the word.</summary>
    /// <exception cref="FairleadException">Unavailable: the system could not start a thread.</exception>
    public void Start()
    {
        try
        {
            TurnThreads.Shared.Add(this);
        }
        catch
        {
            Finish();
            throw;
        }
    }

    /// <summary>Returns whether it will ring for this word, this value and the end of a watched process.</summary>
    public bool IsStillFor(int* word, int value, int ended) =>
        Volatile.Read(ref _isOver) == 0 && _word == word && _value == value && _ended == ended;

    public override bool Advance(out int* word, out int value)
    {
        word = _word;
        value = _value;
        int found = Volatile.Read(ref *_word);
        if (found == _value && KeeperWatch.Ended == _ended)
        {
            return false;
        }

        if (new LockWord((uint)found).HasDied)
        {
            // The kernel wakes one sleeper on a word whose owner has died, and this is not a waiter itself.
            Futex.Wake(ref *_word, int.MaxValue);
        }

        Ring();
        return true;
    }

    public override void Abandon() => Finish();

    public override void Fail(Exception exception) => Ring();

    private void Ring()
    {
        // Over first: the thread that the event wakes arms another bell.
        Finish();
        _ = _rung.Set();
    }

    private void Finish()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _core.RemoveReference();
        }
    }
}
