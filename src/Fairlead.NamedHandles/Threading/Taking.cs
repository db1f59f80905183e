using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// The wait of one thread for one named object, alone or as one of several. It tries, and otherwise names a word to sleep on. Disposing it
/// leaves the queue of the waiters; what was taken stays taken.
/// </summary>
/// <param name="call">The call through the handle; this object ends it.</param>
internal sealed unsafe class Taking(ObjectReference.Call call) : IDisposable
{
    private LockAttempt? _attempt;
    private Doorbell? _bell;
    private int* _word;
    private int _value;

    public NamedObject Target => call.Target;

    /// <summary>Whether the object is a mutex whose last owner ended without releasing it. Valid when it is taken.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>The longest sleep before trying again.</summary>
    public TimeSpan LongestSleep => _attempt?.LongestSleep ?? Timeout.InfiniteTimeSpan;

    /// <summary>Takes the object if it can be had; otherwise joins its waiters.</summary>
    /// <param name="joins">False: only if it has some, because nothing else tells whether it can be had.</param>
    public bool TryAdvance(bool joins = true)
    {
        if (_attempt is null)
        {
            Trial trial = Target.TryTake();
            IsAbandoned = trial is Trial.Abandoned;
            if (trial is Trial.Taken or Trial.Abandoned)
            {
                return true;
            }

            if (trial is Trial.NotSignalled && !joins)
            {
                return false;
            }

            _attempt = Target.Begin(NativeThread.Id);
        }

        if (!_attempt.TryAdvance(out _word, out _value))
        {
            return false;
        }

        LockAttempt succeeded = _attempt;
        _attempt = null;
        IsAbandoned = Target.Finish(succeeded);
        return true;
    }

    /// <summary>Polls for a moment, if the object changes hands quickly.</summary>
    public void LookOn() => _attempt?.LookOn();

    /// <summary>Sleeps on the word that was named, on the calling thread.</summary>
    public void SleepOnWord(Sleep sleep, Deadline deadline, int ended)
    {
        sleep.On(_word, _value, deadline, ended, LongestSleep);
        PassOn();
    }

    /// <summary>Adds the word that was named to those that the calling thread sleeps on; there is room for all of a call.</summary>
    public void AddTo(FutexSet words) => _ = words.TryAdd(_word, _value);

    /// <summary>Has an event of this process set when the word that was named changes.</summary>
    public void Arm(System.Threading.EventWaitHandle rung, int ended)
    {
        if (_bell is null || !_bell.IsStillFor(_word, _value, ended))
        {
            _bell?.End();
            _bell = null;
            Doorbell bell = new(Target.Core, _word, _value, ended, rung);
            bell.Start();
            _bell = bell;
        }
    }

    /// <summary>Passes a wake-up on to other waiters that need it.</summary>
    public void PassOn() => _attempt?.PassOn(_word);

    /// <summary>Leaves the waiters. A later <see cref="TryAdvance"/> begins again.</summary>
    public void Leave()
    {
        LockAttempt? attempt = _attempt;
        _attempt = null;
        _bell?.End();
        _bell = null;
        attempt?.Abandon();
    }

    /// <summary>Undoes what was taken.</summary>
    public void Untake()
    {
        bool isAbandoned = IsAbandoned;
        IsAbandoned = false;
        Target.Untake(isAbandoned);
    }

    public void Dispose()
    {
        try
        {
            Leave();
        }
        finally
        {
            call.Dispose();
        }
    }
}
