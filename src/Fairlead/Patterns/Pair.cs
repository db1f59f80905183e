using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Talks to one peer in both directions: another <see cref="Pair"/>, or a <see cref="Hub"/>. Each direction has credit of its own, so two
/// ends that both send without reading stop, and neither loses the other's receipts.
/// </summary>
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
        TalksBare = true,
        MostPeers = 1,
    };

    /// <summary>By the factories alone: one that is not open is of no use.</summary>
    private Pair()
    {
    }

    private Inbox Inbox => new(Core);

    private Outbox Outbox => new(Core);

    /// <summary>Binds, for one peer at a time.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Pair Bind(Address address, EndpointOptions? options = null)
    {
        Pair pair = new();
        pair.Open(EndpointCore.Bind(address, options, Profile, pair));
        return pair;
    }

    /// <summary>Binds, for one peer at a time. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Pair> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound pair or hub. Blocks.</summary>
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
    public SendResult TrySend(ReadOnlySpan<byte> message) => Outbox.TrySend(MessageKind.Send, default, message);

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

    /// <inheritdoc cref="Sender.SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, type);
        return SendAsync(message.Span, cancellationToken);
    }

    /// <inheritdoc cref="Sender.SendAsync{T}(T, IMessageSerializer{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return SendAsync(message.Span, cancellationToken);
    }

    /// <inheritdoc cref="Sender.Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public Delivery Deliver(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.Deliver(message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, cancellationToken);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlyMemory{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, cancellationToken);
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
    /// With a foreign framing: says that nothing more will be sent, by the end of the stream, behind all that was. Receiving goes on, so
    /// that a program that reads to the end before it answers can be heard. Returns at once; what is sent afterwards is
    /// <see cref="ErrorCode.PeerGone"/>.
    /// </summary>
    /// <exception cref="FairleadException">
    /// NotSupported: Fairlead's own protocol knows only the end of both directions. PeerGone: nobody is there.
    /// </exception>
    public void EndSending()
    {
        if (!Core.Settings.IsBare)
        {
            throw new FairleadException(
                ErrorCode.NotSupported, "with Fairlead's protocol an end closes as a whole", "Close it, when the answers have come.")
            {
                Address = Address,
            };
        }

        (Core.Placement.TheLink ?? throw Core.Presence.EndException()).EndSending();
    }

    /// <summary>
    /// This end as a <see cref="Stream"/>: what is written is sent, and what is received is read, as bytes without boundaries. With
    /// <c>?framing=none</c> the other end may be any program; with Fairlead's own framing it works on every reliable transport, each write
    /// being a message or several. The same stream each time.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Reading returns 0 when the peer has ended in order (or called <see cref="EndSending"/>), and throws an <see cref="IOException"/>
    /// when it died; the cause is its inner exception. At a bound end what is read after that is the next peer's. Writing is done when it
    /// is buffered, flushing as <see cref="MessagingEndpoint.Flush"/>. The time-outs hold for blocking calls; asynchronous ones end at
    /// their token, and nothing is lost by that.
    /// </para>
    /// <para>
    /// The stream receives from now on, and nobody else should. One reader and one writer at a time. Disposing it, in either form, closes
    /// this end, as <see cref="MessagingEndpoint.DisposeAsync"/> does.
    /// </para>
    /// </remarks>
    /// <exception cref="FairleadException">NotSupported: a framing with boundaries, or a transport that may lose or reorder.</exception>
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

    /// <inheritdoc cref="Receiver.RunAsync"/>
    public Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken cancellationToken = default) =>
        Inbox.RunAsync(handler, RaiseHandlerFailed, concurrency, cancellationToken);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a pair has no topics";

    private void RequireProtocol() => Outbox.RequireProtocol();
}
