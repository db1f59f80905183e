using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Asks one <see cref="Responder"/> and gets its replies: type 3 (asynchronous: the caller goes on, many requests are in flight) and type 4 (synchronous: the caller blocks).
/// </summary>
/// <remarks>
/// Replies come in any order; each finds its request. A request is never repeated by itself. Cancellation and the time left cross the wire. A blocking caller that is alone
/// reads its reply itself.
/// </remarks>
public sealed class Requester : Endpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Requester,
        Name = "Requester",
        Peers = [PatternKind.Responder],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Protocol,
        Policies = [FullMode.Wait, FullMode.Fail],
        MostPeers = 1,
    };

    private Outbox Outbox => new(Core);

    /// <summary>Binds, for a responder that will connect; it serves one at a time.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Requester Bind(Address address, EndpointOptions? options = null)
    {
        Requester requester = new();
        requester.Open(EndpointCore.Bind(address, options, Profile, requester));
        return requester;
    }

    /// <summary>Binds, for a responder that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Requester> BindAsync(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Run(() => Bind(address, options), token);

    /// <summary>Connects to a bound responder. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Requester Connect(Address address, EndpointOptions? options = null, CancellationToken token = default) =>
        Opening.Wait(ConnectAsync(address, options, token));

    /// <summary>Connects to a bound responder.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Requester> ConnectAsync(Address address, EndpointOptions? options = null, CancellationToken token = default)
    {
        Requester requester = new();
        requester.Open(await EndpointCore.ConnectAsync(address, options, Profile, requester, token).ConfigureAwait(false));
        return requester;
    }

    /// <summary>Type 4: asks and waits for the reply in this thread.</summary>
    /// <param name="request">The caller's again when this returns.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told, and its handler's token is cancelled then.</param>
    /// <param name="token">Ends the wait; the responder is told.</param>
    /// <returns>The reply: a lease, to be disposed.</returns>
    /// <exception cref="FairleadException">Timeout; the text says whether the request was sent and read. PeerGone. Failed: the handler threw, or refused. TooLarge.</exception>
    public Message Request(ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken token = default)
    {
        token.ThrowIfCancellationRequested();
        Span<byte> space = stackalloc byte[16];
        HeadWriter head = Head(space, timeout);
        LinkResult result = Outbox.Call(MessageHeader.Of(MessageKind.Request), head.Written, request, Deadline.After(timeout, Core.Settings.Time), token);
        return ToReply(result, timeout);
    }

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Copied before this returns.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told.</param>
    /// <param name="token">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken token = default)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Message>(token);
        }

        Span<byte> space = stackalloc byte[16];
        HeadWriter head = Head(space, timeout);
        return FinishAsync(Outbox.CallAsync(MessageHeader.Of(MessageKind.Request), head.Written, request, default, timeout, token), timeout);
    }

    /// <inheritdoc cref="RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> request, CancellationToken token) => RequestAsync(request, null, token);

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Must stay as it is until completion.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told.</param>
    /// <param name="token">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request" path="/returns|/exception"/>
    public ValueTask<Message> RequestAsync(ReadOnlyMemory<byte> request, TimeSpan? timeout = null, CancellationToken token = default)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Message>(token);
        }

        Span<byte> space = stackalloc byte[16];
        HeadWriter head = Head(space, timeout);
        return FinishAsync(Outbox.CallAsync(MessageHeader.Of(MessageKind.Request), head.Written, default, request, timeout, token), timeout);
    }

    /// <summary>Type 3: asks with a value as JSON; read the reply with <see cref="Message.Read{T}(JsonTypeInfo{T})"/>.</summary>
    /// <inheritdoc cref="RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public ValueTask<Message> RequestAsync<T>(T request, JsonTypeInfo<T> type, TimeSpan? timeout = null, CancellationToken token = default)
    {
        using Serialized message = Serialized.Of(request, type);
        return RequestAsync(message.Span, timeout, token);
    }

    /// <summary>Type 3: asks with a value as its serializer writes it.</summary>
    /// <inheritdoc cref="RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public ValueTask<Message> RequestAsync<T>(T request, IMessageSerializer<T> serializer, TimeSpan? timeout = null, CancellationToken token = default)
    {
        using Serialized message = Serialized.Of(request, serializer);
        return RequestAsync(message.Span, timeout, token);
    }

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a requester has no topics";

    private static HeadWriter Head(Span<byte> space, TimeSpan? timeout)
    {
        HeadWriter head = new(space);
        if (timeout is { } span && span != Timeout.InfiniteTimeSpan)
        {
            head.Add(HeadField.Deadline, (ulong)Math.Max(0, span.TotalMicroseconds));
        }

        return head;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Message> FinishAsync(ValueTask<LinkResult> call, TimeSpan? timeout)
    {
        LinkResult result = await call.ConfigureAwait(false);
        return ToReply(result, timeout);
    }

    private Message ToReply(in LinkResult result, TimeSpan? timeout)
    {
        if (result.Outcome != LinkOutcome.Answered)
        {
            throw Outbox.Failure(result, timeout);
        }

        Incoming answer = result.Answer;
        if (answer.Header.Kind == MessageKind.Reply)
        {
            return new Message(MessageCore.Rent(result.Link!, answer));
        }

        try
        {
            ReadOnlySpan<byte> error = answer.Payload.Span;
            ErrorCode code = error.Length > 0 && Enum.IsDefined((ErrorCode)error[0]) ? (ErrorCode)error[0] : ErrorCode.Failed;
            string text = error.Length > 1 ? Encoding.UTF8.GetString(error[1..]) : "the responder answered with an error and no text";
            throw new FairleadException(code, text) { Address = Address, Peer = result.Link?.Peer };
        }
        finally
        {
            answer.Release();
        }
    }
}
