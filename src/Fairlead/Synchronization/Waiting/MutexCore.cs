using System.Runtime.CompilerServices;
using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A mutex in this process: the words in shared memory, and who is inside here.</summary>
internal sealed unsafe class MutexCore : LockCore
{
    public const uint RecursiveOption = 1;

    private readonly MutexWords _words;
    private readonly RobustKeeper _keeper;

    // Under the mutex itself: whoever has entered takes it out, and puts it back before he leaves.
    private MutexHold? _spare;

    // The thread inside, blocking, of a recursive mutex, and its stay. Written by whoever is inside.
    private volatile int _insideThread;
    private WeakReference<MutexHold>? _inside;

    // Changed inside the keeper's gate, as IsClosed is: so that who closes it and who enters or leaves agree on who lets go of the memory.
    private bool _isInside;
    private bool _keepsReference;

    /// <param name="place">Owned from now on.</param>
    /// <param name="options">What it is to be like.</param>
    public MutexCore(LockPlace place, uint options)
        : base(place, new MutexWords(place.Start).Form, options, Text)
    {
        _words = new MutexWords(place.Start);
        IsRecursive = (options & RecursiveOption) != 0;
        try
        {
            _keeper = RobustKeeper.Reserve();
        }
        catch
        {
            End();
            throw;
        }
    }

    public bool IsRecursive { get; }

    public bool DetectsDeadlock { get; init; }

    /// <summary>To be looked at by who has entered, or holds the memory.</summary>
    public MutexWords Words => _words;

    /// <summary>How often it was entered.</summary>
    public ulong Entries
    {
        get
        {
            Hold();
            try
            {
                return _words.Entries;
            }
            finally
            {
                LetGo();
            }
        }
    }

    /// <summary>By a thread that stands in the line.</summary>
    /// <exception cref="FairleadException">Deadlock: it would stand there for ever.</exception>
    public void ThrowIfDeadlock(int thread)
    {
        // What this thread has written is seen by all who look from now on: of those who close a cycle at the same time, one at least sees
        // it.
        Interlocked.MemoryBarrier();
        if (WaitCycle.Of((ParticipantId, thread)) is { } cycle)
        {
            throw new FairleadException(
                ErrorCode.Deadlock,
                $"{Description} cannot be entered without a deadlock: {cycle}",
                "Enter locks in the same order everywhere, or leave one before you wait for the other.")
            {
                Peer = cycle.Steps[0].Holder.Describe().Peer,
            };
        }
    }

    /// <summary>By who is inside, unless that has ended.</summary>
    public bool TryMarkConsistent(MutexHold hold, long entry)
    {
        using (_keeper.Hold())
        {
            bool isInside = hold.IsInside(entry);
            if (isInside)
            {
                _words.IsInDoubt = false;
            }

            return isInside;
        }
    }

    /// <summary>Enters if it is free and nobody waits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnterIdle(int thread, out Stay stay)
    {
        RobustKeeper keeper = _keeper;
        using (keeper.Hold())
        {
            if (IsClosed || !_words.TryTakeIdle(keeper))
            {
                stay = default;
                return false;
            }

            _isInside = true;
        }

        stay = Begin(thread);
        return true;
    }

    /// <summary>Where the calling thread is inside already and may enter again.</summary>
    public bool TryEnterAgain(int thread, out Stay stay)
    {
        if (IsRecursive && _insideThread == thread && _inside!.TryGetTarget(out MutexHold? hold))
        {
            stay = hold.Again();
            return true;
        }

        stay = default;
        return false;
    }

    /// <summary>By the first of the line: takes it as it was found, from nobody or from a dead owner.</summary>
    /// <param name="found">The word.</param>
    /// <param name="thread">Of who enters; 0: none.</param>
    /// <param name="away">A stay that goes on; null: it is a new one.</param>
    /// <param name="stay">When it was taken.</param>
    public bool TryTake(uint found, int thread, MutexHold? away, out Stay stay)
    {
        using (_keeper.Hold())
        {
            if (!_keeper.TryTake(_words.WordPlace, found))
            {
                stay = default;
                return false;
            }

            _isInside = true;
            _keepsReference = IsClosed;
        }

        if (new LockWord(found).HasDied)
        {
            // Where this process dies before the second line, the kernel says it again. In this order: a thread of the dead one might still
            // clear it.
            EndedProcess.Outlast();
            _words.IsInDoubt = true;
        }

        stay = Begin(thread, away);
        return true;
    }

    /// <summary>Leaves, if this stay has not been ended.</summary>
    public void Leave(MutexHold hold, long entry)
    {
        bool isClosed;
        bool keepsReference;
        using (_keeper.Hold())
        {
            if (!hold.TryEnd(entry))
            {
                return;
            }

            _spare = hold;
            LeaveWords(out isClosed, out keepsReference);
        }

        AfterLeaving(isClosed, keepsReference);
    }

    /// <summary>Leaves for a while, with all that belongs to the stay, which goes on when it is given to <see cref="TryTake"/>.</summary>
    /// <returns>False: it has been ended.</returns>
    public bool TryStepOut(MutexHold hold, long entry)
    {
        bool isClosed;
        bool keepsReference;
        using (_keeper.Hold())
        {
            if (!hold.TryStepOut(entry))
            {
                return false;
            }

            LeaveWords(out isClosed, out keepsReference);
        }

        AfterLeaving(isClosed, keepsReference);
        return true;
    }

    /// <summary>Who has entered when the mutex had been closed in this process keeps the memory that he has had while he waited.</summary>
    public bool KeepsReference() => _keepsReference;

    /// <summary>Nobody enters from now on, except who waits already. The memory stays as long as somebody needs it.</summary>
    public override void Close()
    {
        bool isInside;
        using (_keeper.Hold())
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            isInside = _isInside;
        }

        _keeper.Free();
        if (!isInside)
        {
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) => LockSnapshot.OfMutex(new ReadOnlySpan<byte>(start, MutexLayout.Size));

    /// <summary>It has been entered: says so, in the order in which others may look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Stay Begin(int thread, MutexHold? away = null)
    {
        ref Standing owner = ref _words.Owner;
        owner.ParticipantId = Place.ParticipantId;
        owner.Process = Place.Process;
        owner.Since = Clock.Nanoseconds();
        owner.Keeper = _keeper.Id;
        owner.Thread = thread;
        _words.Count();
        MutexHold hold = away ?? _spare ?? new MutexHold(this);
        _spare = null;
        if (IsRecursive)
        {
            _inside = hold.Weak;
            _insideThread = thread;
        }

        return away is null ? hold.Begin(_words.IsInDoubt) : hold.StepIn(_words.IsInDoubt);
    }

    // Inside the keeper's gate.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveWords(out bool isClosed, out bool keepsReference)
    {
        _insideThread = 0;
        _words.Owner.Thread = 0;
        _isInside = false;
        isClosed = IsClosed;

        // Read before it is left: the next one in this process says the same of himself.
        keepsReference = _keepsReference;
        _words.Leave(_keeper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AfterLeaving(bool isClosed, bool keepsReference)
    {
        if (keepsReference)
        {
            LetGo();
        }

        if (isClosed)
        {
            End();
        }
    }

    private static string Text(uint options) => (options & RecursiveOption) != 0 ? "recursive" : "not recursive";
}
