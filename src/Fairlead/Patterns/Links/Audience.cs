using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The links that a kind of message is meant for, as of a version of whatever decides that.</summary>
internal sealed class Audience
{
    public Audience(Link[] links, int version, byte[] head)
    {
        Head = head;
        Links = links;
        Version = version;
        BroadcastSeat[] seats = [.. links.Select(static link => link.Seat).OfType<BroadcastSeat>()];
        Seated = seats.Length == 0 ? null : new BroadcastAudience(seats);
    }

    /// <summary>The head of their messages.</summary>
    public byte[] Head { get; }

    public Link[] Links { get; }

    public int Version { get; }

    /// <summary>Those of them that have a seat; null when none has.</summary>
    public BroadcastAudience? Seated { get; }
}
