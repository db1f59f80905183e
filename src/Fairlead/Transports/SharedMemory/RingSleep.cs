using Fairlead.Native.Memory;

namespace Fairlead.Transports.SharedMemory;

/// <summary>Lets the reader of a ring sleep, behind its doorbell or on the memory.</summary>
/// <remarks>Owns no state: the announcements are in the ring's control page.</remarks>
/// <param name="memory">The memory in which this side receives.</param>
/// <param name="reader">The reader of that memory.</param>
/// <param name="connection">Tells whether other data has come through the socket.</param>
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
    public override void Sleep(TimeSpan timeout, Func<bool> mayNot)
    {
        if (!connection.HasHungUp)
        {
            reader.Sleep(timeout, mayNot);
        }
    }

    /// <inheritdoc/>
    public override void Unpark() => reader.Unpark();

    /// <inheritdoc/>
    public override bool TryPark()
    {
        if (connection.HasHungUp || !reader.TryPark())
        {
            return false;
        }

        // The memory stays mapped while a thread sleeps on it, even after the connection.
        bool isHeld = false;
        memory.DangerousAddRef(ref isHeld);
        return true;
    }

    /// <inheritdoc/>
    public override void Park() => reader.Park();

    /// <inheritdoc/>
    public override void EndPark(bool passesOn)
    {
        if (passesOn)
        {
            reader.PassOn();
        }

        memory.DangerousRelease();
    }
}
