namespace Fairlead.Transports;

/// <summary>
/// What a connection has whose messages do not come through its descriptor: who writes them must be told of a sleeper. By the pump, or
/// under the endpoint's gate while nobody pumps. Nothing blocks but where it says so.
/// </summary>
internal abstract class SleepAnnouncer
{
    /// <summary>Whether <see cref="Connection.Fill"/> would find something, without a word to the descriptor.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>
    /// Announces that the caller is about to sleep on <see cref="Connection.WaitDescriptor"/>; false when there is something to take
    /// already, and the caller must not sleep. The release is <see cref="EndWait"/>.
    /// </summary>
    public abstract bool PrepareWait();

    /// <summary>Takes the announcement back. Harmless without one.</summary>
    public abstract void EndWait();
}

/// <summary>
/// The same over memory on which a caller can sleep, too, who waits for this connection alone; the descriptor is then watched by somebody
/// else.
/// </summary>
internal abstract class MemorySleep : SleepAnnouncer
{
    /// <summary>Whether the peer believes that this side sleeps.</summary>
    public abstract bool IsAnnounced { get; }

    /// <summary>
    /// Announces a sleep without the descriptor, and sleeps until something arrives, the time has passed, or <see cref="Unpark"/>; not at
    /// all when <paramref name="mayNot"/>, asked after the announcement, says so. Blocks.
    /// </summary>
    public abstract void Park(TimeSpan timeout, Func<bool> mayNot);

    /// <summary>Ends <see cref="Park"/> and <see cref="Stay"/>. Any thread.</summary>
    public abstract void Unpark();

    /// <summary>
    /// Turns the announcement of <see cref="SleepAnnouncer.PrepareWait"/> into one without the descriptor, for a thread that is about to
    /// <see cref="Stay"/>; false when the peer has taken it back meanwhile. Under the endpoint's gate while nobody pumps. The release is
    /// <see cref="EndStay"/>.
    /// </summary>
    public abstract bool TryStay();

    /// <summary>Sleeps until something arrives, or <see cref="Unpark"/>; now and then for no reason less. Blocks. Without a lock.</summary>
    public abstract void Stay();

    /// <summary>Behind it, on the same thread.</summary>
    /// <param name="passesOn">Somebody else sleeps there by now, or will: what has woken this thread may have been meant for that
    /// one.</param>
    public abstract void EndStay(bool passesOn);
}
