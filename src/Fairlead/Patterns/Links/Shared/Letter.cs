using Fairlead.Framing;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>A pending message: one that waits at its own end under a dropping policy.</summary>
internal readonly ref struct Letter(
    MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, string? topic, bool isMovable)
{
    public readonly MessageHeader Header = header;
    public readonly ReadOnlySpan<byte> Head = head;
    public readonly ReadOnlySpan<byte> Payload = payload;

    /// <summary>The topic of a published message.</summary>
    public readonly string? Topic = topic;

    /// <summary>Whether it may go to the next peer if this one is lost before it is sent.</summary>
    public readonly bool IsMovable = isMovable;
}
