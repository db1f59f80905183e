using Fairlead.Native;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The owner of a <see cref="Pump"/>: what is served when something has arrived, and who serves next.</summary>
/// <remarks>No member may block. An exception of a member that the leader calls ends the iteration, and never the role.</remarks>
internal interface IPumpOwner
{
    /// <summary>The address in reports of contained errors. Any thread.</summary>
    Address Address { get; }

    /// <summary>Whether the reactor continues to serve peers while no user call runs. Any thread.</summary>
    bool IsServedAlways { get; }

    /// <summary>Reads what has arrived in the memory of peers whose sleep was announced. Called by the leader.</summary>
    void OnAwake(Completions completions);

    /// <summary>Handles an event of the poll set. Called by the leader.</summary>
    /// <param name="token">The token under which the descriptor was added.</param>
    /// <param name="events">What the descriptor is ready for.</param>
    /// <param name="completions">Gets the operations that this completes.</param>
    void OnReady(ulong token, PollEvents events, Completions completions);

    /// <summary>Does the checks after each iteration. Called by the leader.</summary>
    void Settle(Completions completions);

    /// <summary>Writes what busy senders have deferred, before a thread waits. Any thread, with no lock held.</summary>
    void FlushDeferred();

    /// <summary>Tells those who may lead from outside that the role is free. Under the gate.</summary>
    void OfferRole();

    /// <summary>Arranges a visit of the timer thread, because nothing waits any more. Under the gate.</summary>
    void ServeWhileAway();

    /// <summary>Requests a visit of the timer thread, because an iteration has failed. Any thread.</summary>
    void ServeLater();

    /// <summary>Does the same even if a visit is due, because the reactor cannot wait. With or without the gate.</summary>
    void JoinDeferredWork();

    /// <summary>Tears the endpoint down. Called by the thread that has the role permanently, with no lock held.</summary>
    void TearDown();
}
