using Fairlead.Framing;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>The owner of a <see cref="LinkReceiver"/>. The pump calls all members, without a lock, unless one says otherwise.</summary>
/// <remarks>No member may block. An exception ends the link.</remarks>
internal interface IReceiverOwner
{
    /// <summary>The most messages that this iteration takes from the connection.</summary>
    int MessagesWanted { get; }

    /// <summary>Handles the peer's introduction or refusal.</summary>
    void OnHandshake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions);

    /// <summary>Queues arrived messages for the user, or hands them to callers that wait.</summary>
    void Publish(Completions completions);

    /// <summary>Drops an unread message that its sender has cancelled. Returns false if there is none. Takes the gate.</summary>
    bool TryDrop(uint id, out MessageKind kind);

    /// <summary>The peer has read something and may have capacity for more.</summary>
    void OnCredit();

    /// <summary>Handles a peer that subscribes or unsubscribes.</summary>
    /// <returns>Whether the answer is given now; otherwise the pattern sends it later.</returns>
    bool TrySubscribe(uint id, string topic, bool subscribes, ReadOnlySpan<byte> head, out string? refusal);

    /// <summary>A message has arrived that its publisher has stored.</summary>
    void OnPosition(PublishedPosition position);

    /// <summary>Handles the peer's last word: it sends no more.</summary>
    void OnClose(in Incoming message, Completions completions);

    /// <summary>Handles the end of the connection.</summary>
    void OnEnd(bool isOrderly, Completions completions);

    /// <summary>Requests a visit that acknowledges what was consumed. Any thread, with or without the gate.</summary>
    void ServeLater();
}
