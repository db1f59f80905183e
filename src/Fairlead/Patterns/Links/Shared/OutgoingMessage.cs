using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>A message that is sent, in the one shape that it has on each way down.</summary>
/// <remarks>Valid as long as the memory of its caller: whoever keeps the message copies it, or borrows the payload.</remarks>
internal readonly ref struct OutgoingMessage(MessageHeader header, ReadOnlySpan<byte> head, scoped in OutgoingPayload payload)
{
    /// <summary>The header. Its lengths, its id and its acknowledgement are set when the message is written.</summary>
    public readonly MessageHeader Header = header;

    /// <summary>Placed before the payload.</summary>
    public readonly ReadOnlySpan<byte> Head = head;

    public readonly OutgoingPayload Payload = payload;

    /// <param name="kind">The kind of a message without flags and without a head.</param>
    /// <param name="payload">The payload.</param>
    public OutgoingMessage(MessageKind kind, scoped in OutgoingPayload payload)
        : this(MessageHeader.Of(kind), default, payload)
    {
    }

    /// <summary>The topic of a published message.</summary>
    public string? Topic { get; init; }

    /// <summary>Whether it may go to the next peer if this one is lost before it is sent.</summary>
    public bool IsMovable { get; init; }

    /// <summary>An open file to send with it. It belongs to whoever sends the message.</summary>
    public Descriptor? Handle { get; init; }

    /// <summary>The length of head and payload in bytes.</summary>
    public int Length => Head.Length + Payload.Length;
}
