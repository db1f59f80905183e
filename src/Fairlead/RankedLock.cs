namespace Fairlead;

/// <summary>
/// A <see cref="Lock"/> that knows its place in the order of all locks. In Debug builds, taking it out of that order fails an assertion.
/// </summary>
/// <remarks>
/// A structure around a reference: it costs what the lock costs, and the <c>lock</c> statement refuses it. Copies are the same lock.
/// </remarks>
internal readonly struct RankedLock(LockRank rank)
{
    private readonly LockRank _rank = rank;
    private readonly Lock _lock = new();

    /// <summary>
    /// Enters, and waits for another thread that is inside; disposing what is returned leaves. The same thread may enter again.
    /// </summary>
    public Scope Hold()
    {
        LockOrder.Entering(_lock, _rank);
        return new Scope(_lock);
    }

    /// <summary>The time inside.</summary>
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
