using Fairlead.NamedHandles.Names;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// A named mutex in this process. The words in shared memory know which process owns it; this object knows which thread does, and how often
/// that thread has taken it.
/// </summary>
internal sealed class MutexObject : NamedObject
{
    public const int Size = MutexLayout.Size;

    private readonly MutexCore _core;

    // Written by the owner, or in its place when its thread has ended: it is the last field that the owner writes when it enters, and the
    // first when it leaves. So a thread that finds itself here owns the other two, and so does the one that clears it.
    private volatile ThreadEnd? _owner;
    private int _depth;
    private Stay _stay;

    /// <param name="key">Its identity.</param>
    /// <param name="file">Its file; this object takes ownership.</param>
    /// <param name="isTaken">Whether the calling thread owns it from the beginning. Only for a new file.</param>
    public MutexObject(ObjectKey key, ObjectFile file, bool isTaken)
        : base(key, file)
    {
        _core = new MutexCore(Place(key, file, Size), options: 0);
        if (isTaken)
        {
            _ = TryTake();
        }
    }

    public override LockCore Core => _core;

    public override bool IsOwned => _owner is not null;

    public bool IsOwnedBy(ThreadEnd thread) => _owner == thread;

    // Whether a mutex with an owner has waiters makes no difference: who wants it joins them.
    public override Trial TryTake()
    {
        ThreadEnd me = ThreadEnd.Current;
        if (_owner == me)
        {
            _depth = checked(_depth + 1);
            return Trial.Taken;
        }

        if (!_core.TryEnterIdle(me.Thread, out Stay stay))
        {
            return Trial.Contended;
        }

        return Own(me, stay) ? Trial.Abandoned : Trial.Taken;
    }

    public override LockAttempt Begin(int thread) => new EnterAttempt(_core, thread);

    public override bool Finish(LockAttempt attempt) => Own(ThreadEnd.Current, ((EnterAttempt)attempt).Stay);

    /// <summary>Undoes taking it once.</summary>
    /// <exception cref="ApplicationException">The calling thread does not own it.</exception>
    public void Release() => Untake(isAbandoned: false);

    public override void Untake(bool isAbandoned)
    {
        if (_owner is not { IsCurrent: true })
        {
#pragma warning disable CA2201 // The platform's type for it.
            throw new ApplicationException($"{Key} cannot be released by a thread that does not own it.");
#pragma warning restore CA2201
        }

        if (--_depth == 0)
        {
            Leave(_owner, isAbandoned);
        }
    }

    public override void Signal() => Release();

    /// <summary>Releases it in the place of its owner, if that is a thread that has ended.</summary>
    public void Abandon(ThreadEnd ended) => Leave(ended, isAbandoned: true);

    public override bool TryClose()
    {
        if (_owner is { } owner)
        {
            if (!IsAlone())
            {
                return false;
            }

            // No process is left that could wait for it.
            Leave(owner, isAbandoned: false);
        }

        return base.TryClose();
    }

    // Returns whether the data was left in doubt. If this process dies before the exception is thrown, this is a death inside, too, and the
    // kernel marks the word again.
    private bool Own(ThreadEnd me, Stay stay)
    {
        bool isAbandoned = stay.Hold.IsInDoubt(stay.Entry);
        if (isAbandoned)
        {
            stay.Hold.MarkConsistent(stay.Entry);
        }

        _stay = stay;
        _depth = 1;
        _owner = me;
        return isAbandoned;
    }

    // The owner leaves, or another thread in its place: the closing one, or the one that learns that the owner has ended.
    private void Leave(ThreadEnd owner, bool isAbandoned)
    {
        if (Interlocked.CompareExchange(ref _owner, null, owner) != owner)
        {
            return;
        }

        Stay stay = _stay;
        if (isAbandoned)
        {
            _core.Abandon(stay.Hold, stay.Entry);
        }
        else
        {
            _core.Leave(stay.Hold, stay.Entry);
        }
    }

    private bool IsAlone()
    {
        try
        {
            return File.TryEnd();
        }
        catch (FairleadException)
        {
            // Another process keeps the directory, so there is another one, and it may wait for the mutex.
            return false;
        }
        catch (ThreadInterruptedException)
        {
            // The same, and the interruption is for the next wait of the user.
            System.Threading.Thread.CurrentThread.Interrupt();
            return false;
        }
    }
}
