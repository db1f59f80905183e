using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// How the reader of a ring sleeps: behind its doorbell, or on the memory. Has nothing of its own: what it says stands in the ring's
/// control page.
/// </summary>
/// <param name="memory">In which this side receives.</param>
/// <param name="reader">Of that memory.</param>
/// <param name="connection">Knows whether something else has come through the doorbell.</param>
internal sealed class RingSleep(RingMemory memory, RingReader reader, SharedMemoryConnection connection) : MemorySleep
{
    /// <inheritdoc/>
    public override bool HasArrived => connection.HasNews || reader.HasArrived;

    /// <inheritdoc/>
    public override bool IsAnnounced => reader.IsAnnounced;

    /// <inheritdoc/>
    public override bool PrepareWait() => connection.HasHungUp || reader.PrepareWait();

    /// <inheritdoc/>
    public override void EndWait() => reader.EndWait();

    /// <inheritdoc/>
    public override void Park(TimeSpan timeout, Func<bool> mayNot)
    {
        if (!connection.HasHungUp)
        {
            reader.Park(timeout, mayNot);
        }
    }

    /// <inheritdoc/>
    public override void Unpark() => reader.Unpark();

    /// <inheritdoc/>
    public override bool TryStay()
    {
        if (connection.HasHungUp || !reader.TryStay())
        {
            return false;
        }

        // The memory stays mapped while somebody sleeps on it, whatever becomes of the connection.
        bool isHeld = false;
        memory.DangerousAddRef(ref isHeld);
        return true;
    }

    /// <inheritdoc/>
    public override void Stay() => reader.Stay();

    /// <inheritdoc/>
    public override void EndStay(bool passesOn)
    {
        if (passesOn)
        {
            reader.PassOn();
        }

        memory.DangerousRelease();
    }
}
