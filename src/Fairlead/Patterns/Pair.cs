using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Talks to one peer in both directions: another <see cref="Pair"/>, or a <see cref="Hub"/>. Each direction has credit of its own, so two ends that both send without reading
/// stop, and neither loses the other's receipts.
/// </summary>
public sealed class Pair : Endpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Pair,
        Name = "Pair",
        Peers = [PatternKind.Pair, PatternKind.Hub],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.Duplex,
        Policies = [FullMode.Wait, FullMode.DropOldest, FullMode.DropNewest, FullMode.Fail],
        TalksBare = true,
        MostPeers = 1,
    };

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
    public static ValueTask<Pair> BindAsync(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Run(() => Bind(address, options), token);

    /// <summary>Connects to a bound pair or hub. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Pair Connect(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Wait(ConnectAsync(address, options, token));

    /// <summary>Connects to a bound pair or hub.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Pair> ConnectAsync(Address address, EndpointOptions? options = null, CancellationToken token = default)
    {
        Pair pair = new();
        pair.Open(await EndpointCore.ConnectAsync(address, options, Profile, pair, token).ConfigureAwait(false));
        return pair;
    }

    /// <inheritdoc cref="Sender.TrySend"/>
    public SendResult TrySend(ReadOnlySpan<byte> message) => Outbox.TrySend(MessageKind.Send, default, message);

    /// <inheritdoc cref="Sender.Send"/>
    public void Send(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default) => Outbox.Send(message, timeout, token);

    /// <inheritdoc cref="Sender.SendAsync(ReadOnlySpan{byte}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask SendAsync(ReadOnlySpan<byte> message, CancellationToken token = default) => Outbox.SendAsync(message, token);

    /// <inheritdoc cref="Sender.SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken token = default) => Outbox.SendAsync(message, token);

    /// <inheritdoc cref="Sender.SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken token = default)
    {
        using Serialized message = Serialized.Of(value, type);
        return SendAsync(message.Span, token);
    }

    /// <inheritdoc cref="Sender.SendAsync{T}(T, IMessageSerializer{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T value, IMessageSerializer<T> serializer, CancellationToken token = default)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return SendAsync(message.Span, token);
    }

    /// <inheritdoc cref="Sender.Deliver"/>
    public Delivery Deliver(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        RequireProtocol();
        return Outbox.Deliver(message, timeout, token);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Delivery> DeliverAsync(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, token);
    }

    /// <inheritdoc cref="Sender.DeliverAsync(ReadOnlyMemory{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Delivery> DeliverAsync(ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, token);
    }

    /// <inheritdoc cref="Receiver.TryReceive(out Message)"/>
    public bool TryReceive(out Message message) => Inbox.TryReceive(out message);

    /// <inheritdoc cref="Receiver.TryReceive(TimeSpan, out Message, CancellationToken)"/>
    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken token = default) => Inbox.TryReceive(timeout, out message, token);

    /// <inheritdoc cref="Receiver.Receive"/>
    public Message Receive(TimeSpan? timeout = null, CancellationToken token = default) => Inbox.Receive(timeout, token);

    /// <inheritdoc cref="Receiver.ReceiveAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout = null, CancellationToken token = default) => Inbox.ReceiveAsync(timeout, token);

    /// <inheritdoc cref="Receiver.ReceiveAllAsync"/>
    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken token = default) => Inbox.ReceiveAllAsync(token);

    /// <inheritdoc cref="Receiver.RunAsync"/>
    public Task RunAsync(Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken token = default) => Inbox.RunAsync(handler, concurrency, token);

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
