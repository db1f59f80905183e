namespace Fairlead;

/// <summary>When a sent message leaves this process for the kernel, on transports that write to a descriptor.</summary>
/// <remarks>Over shared memory the peer has it immediately.</remarks>
public enum WriteMode
{
    /// <summary>At once, or in batches within a stream of messages. The default.</summary>
    /// <remarks>
    /// A stream is more than 16 messages within 100 µs. A batch is written when it has 64 KiB, or after 100 µs. In a stream from a
    /// publisher or a hub to many peers, it is written after 0.3 to 5 ms, or soon after the stream pauses. Over shared memory, requests and
    /// replies of asynchronous callers that continue together become visible up to eight at a time.
    /// </remarks>
    Balanced,

    /// <summary>At once and separately: one system call per message.</summary>
    Immediate,

    /// <summary>When 64 KiB are buffered, on <see cref="MessagingEndpoint.Flush"/>, before this end waits, and when it closes.</summary>
    /// <remarks>
    /// It waits for a message, an answer or capacity. Only messages of type 1 are buffered: a message that asks for an answer leaves
    /// immediately, together with all earlier ones.
    /// </remarks>
    Buffered,
}
