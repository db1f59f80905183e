using Fairlead.Native;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A lock of any kind in this process: where it lies, and who needs its memory.</summary>
internal abstract unsafe class LockCore
{
    // All that are open or have somebody inside: the keeper's list leads through their memory, which must not go with an object that nobody
    // refers to.
    private static readonly HashSet<LockCore> Open = [];
    private static readonly RankedLock OpenGate = new(LockRank.OpenLocks);

    private bool _isClosed;

    /// <param name="place">Owned from now on.</param>
    /// <param name="form">Its first words.</param>
    /// <param name="options">What it is to be like.</param>
    /// <param name="text">The options in words.</param>
    protected LockCore(LockPlace place, Form form, uint options, Func<uint, string> text)
    {
        Place = place;
        try
        {
            place.Settle(form, options, text);
        }
        catch
        {
            place.Dispose();
            throw;
        }

        using (OpenGate.Hold())
        {
            Open.Add(this);
        }
    }

    public string Description => Place.Description;

    /// <summary>The same for all who mean it, as far as can be told: its name, or where it lies in its region.</summary>
    public string Identity => Place.Identity;

    public ulong ParticipantId => Place.ParticipantId;

    /// <summary>Where it lies. To be touched by who has entered, or holds the memory.</summary>
    protected LockPlace Place { get; }

    /// <summary>Nobody begins anything from now on, except who has begun already.</summary>
    protected bool IsClosed
    {
        get => Volatile.Read(ref _isClosed);
        set => Volatile.Write(ref _isClosed, value);
    }

    /// <summary>Keeps the memory. The release is <see cref="LetGo"/>.</summary>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    public void Hold()
    {
        if (IsClosed)
        {
            throw Disposed();
        }

        KeepMemory();
    }

    public void LetGo() => Place.Mapping.DangerousRelease();

    /// <summary>Lets go of it in this process. The memory stays as long as somebody holds it.</summary>
    public abstract void Close();

    /// <summary>Who has something and who waits.</summary>
    public LockSnapshot Snapshot()
    {
        Hold();
        try
        {
            return SnapshotOf(Place.Start);
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Somebody has let a scope go without disposing it.</summary>
    public void ReportLost() => FairleadEventSource.Log.ScopeLost(Description);

    public void Verify() => Place.Verify();

    /// <summary>Writes down who has taken a word, or a place.</summary>
    /// <param name="standing">Beside the word.</param>
    /// <param name="keeper">Owns the word.</param>
    /// <param name="thread">The kernel's number of the thread; 0: none.</param>
    public void SignIn(ref Standing standing, RobustKeeper keeper, int thread)
    {
        standing.ParticipantId = Place.ParticipantId;
        standing.Thread = thread;
        standing.Since = Clock.Nanoseconds();
        standing.Process = Place.Process;
        Volatile.Write(ref standing.Keeper, keeper.Id);
    }

    /// <summary>Who has something and who waits. The memory is held meanwhile.</summary>
    protected abstract LockSnapshot SnapshotOf(byte* start);

    /// <summary>The same as <see cref="Hold"/>, by who holds it already: so also where it has been closed meanwhile.</summary>
    protected void KeepMemory()
    {
        bool isHeld = false;
        Place.Mapping.DangerousAddRef(ref isHeld);
    }

    /// <summary>Closes it, where nothing else is to be agreed on.</summary>
    /// <returns>False: it has been closed before.</returns>
    protected bool TryClose() => !Interlocked.Exchange(ref _isClosed, true);

    /// <summary>It is closed, and nobody has anything of it through this object.</summary>
    protected void End()
    {
        using (OpenGate.Hold())
        {
            Open.Remove(this);
        }

        Place.Dispose();
    }

    /// <summary>It has been closed.</summary>
    protected ObjectDisposedException Disposed() => new(Description);
}
