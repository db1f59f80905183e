namespace Fairlead;

/// <summary>
/// When a message that was sent leaves this process for the kernel, on transports that write to a descriptor. Over shared memory it is with
/// the peer at once.
/// </summary>
public enum WriteMode
{
    /// <summary>
    /// At once; in the middle of a stream of messages (more than 16 within 100 µs) when 64 KiB have come together, or 100 µs later. The
    /// default.
    /// </summary>
    Balanced,

    /// <summary>At once, each by itself: one system call a message.</summary>
    Immediate,

    /// <summary>
    /// When 64 KiB have come together, by <see cref="MessagingEndpoint.Flush"/>, before this end waits (for a message, an answer, or room),
    /// and when it closes. Messages of type 1 alone: what asks for an answer leaves at once, and takes with it what lies before it.
    /// </summary>
    Buffered,
}
