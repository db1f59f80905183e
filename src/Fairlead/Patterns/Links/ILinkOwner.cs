namespace Fairlead.Patterns.Links;

/// <summary>
/// What a pattern hears of its links. Called by the pump, without the endpoint's gate: the implementation must not block, and completes
/// waiting callers only through the completions that it is given.
/// </summary>
internal interface ILinkOwner
{
    /// <summary>The handshake is through.</summary>
    void OnUp(Link link, Completions completions);

    /// <summary>Why a peer that has introduced itself is not welcome, or null.</summary>
    FairleadException? Refusal(Link link) => null;

    /// <summary>The link is over; it was up before.</summary>
    void OnDown(Link link, LinkEnd end, Completions completions);

    /// <summary>A peer subscribes or unsubscribes; null when accepted, else why not.</summary>
    string? OnSubscription(Link link, string topic, bool subscribes);

    /// <summary>A lost peer is sought, found, or given up. Not by the pump.</summary>
    void OnStateChanged(EndpointStateChange change);

    /// <summary>A connection is over that never was a link: its handshake failed.</summary>
    void OnNeverUp()
    {
    }

    /// <summary>The endpoint takes nothing any more, and ends soon, or now. More than once; on any thread.</summary>
    void OnClosing()
    {
    }

    /// <summary>The peer has read something: there may be room for more.</summary>
    void OnCredit(Link link)
    {
    }
}
