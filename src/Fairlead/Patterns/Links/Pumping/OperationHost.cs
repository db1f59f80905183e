namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The endpoint as an <see cref="Operation"/> knows it: counts the callers that wait, and wakes the leader.</summary>
/// <remarks>Owns the counts of awaited events, which any thread changes. <see cref="Pump"/> is the only one.</remarks>
internal abstract class OperationHost
{
    private AwaitedEvents _awaited;

    /// <summary>The events that a thread must wait for.</summary>
    public ref AwaitedEvents AwaitedEvents => ref _awaited;

    /// <summary>Wakes the leader, which may sleep in the kernel, because its operation is done. Any thread, with no lock held.</summary>
    public abstract void WakeLeader();
}
