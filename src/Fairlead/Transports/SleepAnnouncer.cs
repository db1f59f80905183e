namespace Fairlead.Transports;

/// <summary>The part of a connection whose messages do not come through its descriptor, and whose writer must learn of a sleeper.</summary>
/// <remarks>
/// Used by the pump, or under the endpoint's gate while no thread pumps. No member blocks unless it says so.
/// </remarks>
internal abstract class SleepAnnouncer
{
    /// <summary>Whether <see cref="Connection.Fill"/> would find data, without an event of the descriptor.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>Announces that the caller is about to sleep on <see cref="Connection.WaitDescriptor"/>.</summary>
    /// <remarks>
    /// Returns false if data has arrived already: the caller must not sleep. <see cref="EndWait"/> withdraws the announcement.
    /// </remarks>
    public abstract bool PrepareWait();

    /// <summary>Withdraws the announcement. Harmless without one.</summary>
    public abstract void EndWait();
}

/// <summary>The same for memory on which a caller may also sleep if it waits for this connection only.</summary>
/// <remarks>Another thread then watches the descriptor.</remarks>
internal abstract class MemorySleep : SleepAnnouncer
{
    /// <summary>Whether the peer believes that this side sleeps.</summary>
    public abstract bool IsAnnounced { get; }

    /// <summary>Announces a sleep on the memory, and sleeps until data arrives, the time has passed, or <see cref="Unpark"/>.
    /// Blocks.</summary>
    /// <remarks>Does not sleep if <paramref name="mayNot"/>, called after the announcement, returns true.</remarks>
    public abstract void Sleep(TimeSpan timeout, Func<bool> mayNot);

    /// <summary>Ends <see cref="Sleep"/> and <see cref="Park"/>. Any thread.</summary>
    public abstract void Unpark();

    /// <summary>Turns the announcement of <see cref="SleepAnnouncer.PrepareWait"/> into one on the memory, for
    /// <see cref="Park"/>.</summary>
    /// <remarks>
    /// Returns false if the peer has withdrawn it in between. Under the endpoint's gate while no thread pumps. <see cref="EndPark"/> ends
    /// it.
    /// </remarks>
    public abstract bool TryPark();

    /// <summary>Sleeps until data arrives or <see cref="Unpark"/>, with occasional spurious wake-ups. Blocks. Without a lock.</summary>
    public abstract void Park();

    /// <summary>Ends a <see cref="Park"/>, on the same thread.</summary>
    /// <param name="passesOn">
    /// Whether another thread sleeps there, or will: the wake-up of this thread may have been meant for that one.
    /// </param>
    public abstract void EndPark(bool passesOn);
}
