using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The links that a kind of message is meant for, as of a version of whatever decides that.</summary>
internal sealed class Audience
{
    private readonly BroadcastSeat?[] _seats;

    public Audience(Link[] links, int version, byte[] head)
    {
        Head = head;
        Links = links;
        Version = version;
        _seats = Array.ConvertAll(links, static link => link.Place.Seat);
        BroadcastSeat[] seats = [.. _seats.OfType<BroadcastSeat>()];
        Seated = seats.Length == 0 ? null : new BroadcastAudience(seats);
    }

    /// <summary>
    /// Whether what was written for many has reached this link of <see cref="Links"/>. By the seat that it had when this was made: it may
    /// have been given another's since, which was reached.
    /// </summary>
    public bool IsReached(int index, ulong reached) => _seats[index] is { } seat && (seat.Bit & reached) != 0;

    /// <summary>The head of their messages.</summary>
    public byte[] Head { get; }

    public Link[] Links { get; }

    public int Version { get; }

    /// <summary>Those of them that have a seat; null when none has.</summary>
    public BroadcastAudience? Seated { get; }
}
