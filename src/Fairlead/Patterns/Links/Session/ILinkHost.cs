using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Patterns.Links.Direct;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Session;

/// <summary>The endpoint as a <see cref="Link"/> knows it: where the link reports what happens to it, and what arrives.</summary>
/// <remarks>
/// The pump calls the members, without a lock, unless one says otherwise. None blocks. <c>EndpointCore</c> is the only one, and passes
/// each call to the part that it concerns.
/// </remarks>
internal interface ILinkHost
{
    /// <summary>The memory that is written once for many peers. Any thread.</summary>
    BroadcastHolder BroadcastHolder { get; }

    /// <summary>Takes reports about the peer. Any thread.</summary>
    IPeerReports Reports { get; }

    /// <summary>The most messages that this iteration takes from a link.</summary>
    int MessagesWanted { get; }

    /// <summary>Returns why a peer that has introduced itself is refused, or null.</summary>
    FairleadException? Refusal(Link link, Handshake theirs);

    /// <summary>Returns why one more peer is refused, or null if there is capacity.</summary>
    FairleadException? TooManyPeers(Link link);

    /// <summary>Requests visits until the handshake of a link is over, or its time has passed.</summary>
    void ServeHandshakes(Link link);

    /// <summary>The link has completed its handshake.</summary>
    void OnUp(Link link, Completions completions);

    /// <summary>The link has gone down; its received messages stay in the queue.</summary>
    void OnDown(Link link, LinkEnd end, Completions completions);

    /// <summary>The peer sends no more: the pump asks the link in each iteration whether it is done.</summary>
    void AddPeerClosed(Link link);

    /// <summary>The pump must end the link because of an exception. Once for each link; any thread, with any lock held.</summary>
    void AddFailed(Link link);

    /// <summary>The link's output is deferred, or no more. Under the link's send lock, and a full fence.</summary>
    void NoteDeferred(Link link, bool isDeferred);

    /// <summary>Sets the events that a link waits for. Under its send lock.</summary>
    void SetInterest(Link link, PollEvents interest);

    /// <summary>Takes the messages that have arrived at a link.</summary>
    void Publish(Link link, Completions completions);

    /// <summary>Drops an unread message that its sender has cancelled.</summary>
    bool TryDrop(Link link, uint id, out MessageKind kind);

    /// <summary>Returns whether a link has no unread messages. Takes the gate.</summary>
    bool HasNoInbound(Link link);

    /// <summary>Returns whether other peers have messages that a caller could take. Takes the gate.</summary>
    bool HasMessagesBeside(Link slow);

    /// <summary>Requests a visit that acknowledges what was consumed of a link. Any thread, with or without the gate.</summary>
    void ServeLater(Link link);

    /// <summary>Moves unsent messages of a link to another link, or keeps them for the next peer. Any thread, without a lock.</summary>
    void Move(Link link);

    /// <summary>The peer has read something and may have capacity for more.</summary>
    void OnCredit(Link link);

    /// <summary>Handles a peer that subscribes or unsubscribes.</summary>
    /// <returns>Whether the answer is given now; otherwise the pattern sends it later.</returns>
    bool TrySubscribe(Link link, uint id, string topic, bool subscribes, ReadOnlySpan<byte> head, out string? refusal);

    /// <summary>The last message that a publisher has stored, for the handshake; null: it stores none.</summary>
    PublishedPosition? LastPosition { get; }

    /// <summary>A stored message has arrived, or (<paramref name="isStart"/>) the peer has introduced itself with its last one.</summary>
    void OnPosition(Link link, PublishedPosition position, bool isStart);
}

/// <summary>What a link has to say about its peer, and the other end of a bridge about its broker. Any thread without a lock.</summary>
internal interface IPeerReports
{
    /// <summary>A peer's process is stopped while messages wait for it, or runs again.</summary>
    void OnStopped(Peer peer, bool isStopped);

    /// <summary>The broker behind a bridge takes nothing; null: it does again.</summary>
    void Hinder(string? why);

    /// <summary>The broker behind a bridge is lost and sought; null: it was found, after this number of attempts.</summary>
    void LoseBroker(string? why, int attempts);
}
