using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Talks to one peer in both directions: another <see cref="Pair"/>, or a <see cref="Hub"/>.</summary>
/// <remarks>
/// Each direction has separate credit. If both ends send and neither reads, both stop, but receipts still arrive.
/// </remarks>
public sealed partial class Pair : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Pair,
        Name = "Pair",
        Peers = [PatternKind.Pair, PatternKind.Hub],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.Duplex,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Fail],
        TalksRaw = true,
        MostPeers = 1,
    };

    /// <summary>For the factories only, because an unopened pair is unusable.</summary>
    private Pair()
    {
    }

    private Inbox Inbox => new(Core);

    private Outbox Outbox => new(Core);

    /// <summary>Binds a pair that accepts one peer at a time.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Pair Bind(Address address, EndpointOptions? options = null)
    {
        Pair pair = new();
        pair.Open(EndpointCore.Bind(address, options, Profile, pair));
        return pair;
    }

    /// <summary>Binds a pair that accepts one peer at a time. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Pair> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound pair or hub. Blocks until connected.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Pair Connect(Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound pair or hub.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Pair> ConnectAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Pair pair = new();
        pair.Open(await EndpointCore.ConnectAsync(address, options, Profile, pair, cancellationToken).ConfigureAwait(false));
        return pair;
    }

    /// <inheritdoc cref="Sender.TrySend(ReadOnlySpan{byte})"/>
    public SendResult TrySend(ReadOnlySpan<byte> message) => Outbox.TrySend(null, message);

    /// <inheritdoc cref="Sender.Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public void Send(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.Send(message, timeout, cancellationToken);

    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask SendAsync(ReadOnlySpan<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <inheritdoc cref="Sender.SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public Delivery Deliver(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.Deliver(null, message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlyMemory{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.SendHandle"/>
    public void SendHandle(
        SafeHandle handle,
        ReadOnlySpan<byte> message = default,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) => Outbox.SendHandle(handle, message, timeout, cancellationToken);

    /// <inheritdoc cref="Sender.SendHandleAsync"/>
    public ValueTask SendHandleAsync(
        SafeHandle handle, ReadOnlyMemory<byte> message = default, CancellationToken cancellationToken = default) =>
        Outbox.SendHandleAsync(handle, message, cancellationToken);

    /// <summary>
    /// Ends the stream after everything sent so far, while receiving continues. Only for the framings of non-Fairlead programs.
    /// </summary>
    /// <remarks>
    /// Use it with a program that reads to the end of its input before it answers. Returns immediately. Sending afterwards fails with
    /// <see cref="ErrorCode.PeerGone"/>.
    /// </remarks>
    /// <exception cref="FairleadException">
    /// NotSupported: Fairlead's own protocol can only close both directions. PeerGone: no peer is connected.
    /// </exception>
    public void EndSending()
    {
        if (!Core.Settings.IsRaw)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "Fairlead's own protocol cannot close one direction of a connection",
                "Close the endpoint when the answers have arrived.")
            {
                Address = Address,
            };
        }

        (Core.Placement.SingleLink ?? throw Core.Presence.EndException()).EndSending();
    }

    /// <summary>Returns this end as a <see cref="Stream"/>: sends what is written and reads what is received, without boundaries.</summary>
    /// <remarks>
    /// <para>
    /// With <c>?framing=none</c> the other end may be any program. With Fairlead's own framing the stream works on every reliable
    /// transport, and each write becomes one or more messages. Every call returns the same stream.
    /// </para>
    /// <para>
    /// Reading returns 0 when the peer has closed in order or called <see cref="EndSending"/>. It throws an <see cref="IOException"/> with
    /// the cause as inner exception when the peer died. On a bound end, later reads return the bytes of the next peer. A write completes
    /// when the bytes are buffered. A flush acts like <see cref="MessagingEndpoint.Flush"/>. The timeouts apply to blocking calls.
    /// Asynchronous calls end at their token, which loses no data.
    /// </para>
    /// <para>
    /// From now on the stream receives, and nothing else may. It allows one reader and one writer at a time. Disposing it in either form
    /// closes this end like <see cref="MessagingEndpoint.DisposeAsync"/>.
    /// </para>
    /// </remarks>
    /// <exception cref="FairleadException">NotSupported: the framing has boundaries, or the transport may lose or reorder.</exception>
    public Stream AsStream() => StreamOf(canRead: true, canWrite: true);

    /// <inheritdoc cref="Receiver.TryReceive(out Message)"/>
    public bool TryReceive(out Message message) => Inbox.TryReceive(out message);

    /// <inheritdoc cref="Receiver.TryReceive(TimeSpan, out Message, CancellationToken)"/>
    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken cancellationToken = default) =>
        Inbox.TryReceive(timeout, out message, cancellationToken);

    /// <inheritdoc cref="Receiver.Receive"/>
    public Message Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.Receive(timeout, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAsync(timeout, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAsync(CancellationToken)"/>
    public ValueTask<Message> ReceiveAsync(CancellationToken cancellationToken) => Inbox.ReceiveAsync(null, cancellationToken);

    /// <inheritdoc cref="Receiver.ReceiveAllAsync"/>
    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAllAsync(cancellationToken);

    /// <summary>
    /// Raised when the peer has left, in order or by its death. A bound pair then waits for another one. Messages that the peer sent before
    /// may still have to be received. Handlers run on the thread that reads, before another peer can connect: they must not block.
    /// </summary>
    public event EventHandler<PeerLeft>? PeerLeft;

    /// <inheritdoc cref="Receiver.RunAsync"/>
    public Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken cancellationToken = default) =>
        Inbox.RunAsync(handler, RaiseHandlerFailed, concurrency, cancellationToken);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions) => RaisePeerLeft(PeerLeft, link.Peer, end.Reason);

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a pair has no topics";

    private void RequireProtocol() => Outbox.RequireProtocol();
}
