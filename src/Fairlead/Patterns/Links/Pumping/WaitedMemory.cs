using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The memory of one peer as <see cref="MemoryWaiter"/> knows it: the poll set does not report what arrives there.</summary>
internal abstract class WaitedMemory
{
    /// <summary>The sleep on the memory. Only if the peer shares memory.</summary>
    public abstract MemorySleep Sleep { get; }

    /// <summary>Whether data has arrived. Any thread that keeps the memory from being released.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>Announces a sleep to the peer. Returns false if data has arrived. Called by the leader, or under the gate.</summary>
    public abstract bool PrepareWait();

    /// <summary>Withdraws the announcement. Called like <see cref="PrepareWait"/>.</summary>
    public abstract void EndWait();

    /// <summary>Tells the peer what was consumed, before a sleep that is not announced. Called by the leader.</summary>
    public abstract void AcknowledgeBeforeSleep();

    /// <summary>Returns whether the peer may be on the same CPU, because it was woken since the last call.</summary>
    /// <param name="withReaders">Whether to ask also for a peer that may share the CPU with other readers of the same memory.</param>
    public abstract bool MayShareProcessor(bool withReaders);

    /// <summary>Releases the memory after its link has gone down, when no thread polls it any more. No lock is held.</summary>
    public abstract void Release();

    /// <summary>Ends the link, because announcing a sleep has thrown. With any locks held.</summary>
    public abstract void Fail(Exception exception);
}
