namespace Fairlead;

/// <summary>A <see cref="Lock"/> with a rank in the order of all locks. In Debug builds, taking it out of order fails an
/// assertion.</summary>
/// <remarks>
/// It is a structure around a reference: it costs as much as the lock, and the <c>lock</c> statement rejects it. Copies are the same lock.
/// </remarks>
internal readonly struct RankedLock(LockRank rank)
{
    private readonly LockRank _rank = rank;
    private readonly Lock _lock = new();

    /// <summary>Enters the lock, and waits while another thread is inside. Disposing the result leaves it.</summary>
    /// <remarks>The same thread may enter again.</remarks>
    public Scope Hold()
    {
        LockOrder.Entering(_lock, _rank);
        return new Scope(_lock);
    }

    /// <summary>The scope of a held lock.</summary>
    public readonly ref struct Scope
    {
        private readonly Lock _lock;
        private readonly Lock.Scope _scope;

        internal Scope(Lock held)
        {
            _lock = held;
            _scope = held.EnterScope();
        }

        public void Dispose()
        {
            _scope.Dispose();
            LockOrder.Left(_lock);
        }
    }
}
