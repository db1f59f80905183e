using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The events of links for their pattern.</summary>
/// <remarks>
/// The pump calls them without the endpoint's gate. Implementations must not block, and complete waiting callers only through the
/// completions passed in.
/// </remarks>
internal interface ILinkOwner
{
    /// <summary>The handshake is complete.</summary>
    void OnUp(Link link, Completions completions);

    /// <summary>Returns why a peer that has introduced itself is refused, or null.</summary>
    FairleadException? Refusal(Link link) => null;

    /// <summary>The link has gone down after having been up.</summary>
    void OnDown(Link link, LinkEnd end, Completions completions);

    /// <summary>Handles a peer that subscribes or unsubscribes. Returns null to accept, or else the reason.</summary>
    string? OnSubscription(Link link, string topic, bool subscribes);

    /// <summary>Handles a peer that subscribes, with what its frame says beside the topic.</summary>
    string? OnSubscription(Link link, string topic, bool subscribes, ReadOnlySpan<byte> head) => OnSubscription(link, topic, subscribes);

    /// <summary>The last message that a publisher has stored, for the handshake; null: it stores none.</summary>
    PublishedPosition? LastPosition => null;

    /// <summary>A stored message has arrived, or (<paramref name="isStart"/>) the peer has introduced itself with its last one.</summary>
    void OnPosition(Link link, PublishedPosition position, bool isStart)
    {
    }

    /// <summary>Takes over a subscription whose answer takes time. Returns whether the owner sends the receipt itself, later.</summary>
    bool DefersSubscription(Link link, uint id, string topic, bool subscribes) => false;

    /// <summary>A lost peer is sought, found, or given up. Not called by the pump.</summary>
    void OnStateChanged(EndpointStateChange change);

    /// <summary>A connection has ended whose handshake failed.</summary>
    void OnNeverUp()
    {
    }

    /// <summary>The endpoint takes nothing more and ends soon. May be called more than once, on any thread.</summary>
    void OnClosing()
    {
    }

    /// <summary>Nothing is left of the endpoint but its last word. Once, on any thread; may block for a disk.</summary>
    void OnGone()
    {
    }

    /// <summary>The peer has read something and may have capacity for more.</summary>
    void OnCredit(Link link)
    {
    }
}
