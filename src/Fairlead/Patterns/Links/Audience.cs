using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The links that get messages of one kind, as of one version of the state that decides it.</summary>
internal sealed class Audience
{
    private readonly BroadcastSlot?[] _slots;

    public Audience(Link[] links, int version, byte[] head, int later = 0, DueCount[]? counts = null)
    {
        Counts = counts;
        Head = head;
        Later = later;
        Links = links;
        Version = version;
        _slots = Array.ConvertAll(links, static link => link.Place.Slot);
        BroadcastSlot[] seats = [.. _slots.OfType<BroadcastSlot>()];
        WithSlots = seats.Length == 0 ? null : new BroadcastAudience(head, seats);
    }

    /// <summary>Returns whether a broadcast write has reached this link of <see cref="Links"/>.</summary>
    /// <remarks>
    /// Decides by the slot that the link had when this audience was created. Since then the link may have got another link's slot, which
    /// was reached.
    /// </remarks>
    public bool IsReached(int index, ulong reached) => _slots[index] is { } seat && (seat.Bit & reached) != 0;

    /// <summary>The head of the messages for this audience.</summary>
    public byte[] Head { get; }

    public Link[] Links { get; }

    /// <summary>The number of all subscribers.</summary>
    public int Count => Links.Length + Later;

    /// <summary>How many more get these messages from the publisher's store.</summary>
    public int Later { get; }

    public int Version { get; }

    /// <summary>The counters of these messages; null: they were not looked for.</summary>
    public DueCount[]? Counts { get; }

    /// <summary>The links that have a slot; null if none has.</summary>
    public BroadcastAudience? WithSlots { get; }
}
