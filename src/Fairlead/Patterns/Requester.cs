using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Asks <see cref="Responder"/>s and gets their replies: type 3 (asynchronous: the caller goes on, many requests are in flight) and type 4
/// (synchronous: the caller blocks). A connected requester asks the one that it is connected to; a bound one serves any number, and each
/// request goes to one of them, in turn over those that have room. A survey asks all.
/// </summary>
/// <remarks>
/// Replies come in any order; each finds its request. A request is repeated only where it says that it may be
/// (<see cref="RequestOptions.Idempotent"/>). Cancellation and the time left cross the wire. A blocking caller that is alone reads its
/// reply itself.
/// </remarks>
public sealed partial class Requester : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Requester,
        Name = "Requester",
        Peers = [PatternKind.Responder],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Protocol,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.Fail],
        Spreads = true,
    };

    /// <summary>By the factories alone: one that is not open is of no use.</summary>
    private Requester()
    {
    }

    private Outbox Outbox => new(Core);

    /// <summary>Binds, for responders that will connect.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Requester Bind(Address address, EndpointOptions? options = null)
    {
        Requester requester = new();
        requester.Open(EndpointCore.Bind(address, options, Profile, requester));
        return requester;
    }

    /// <summary>Binds, for responders that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Requester> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound responder. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Requester Connect(Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound responder.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Requester> ConnectAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Requester requester = new();
        requester.Open(await EndpointCore.ConnectAsync(address, options, Profile, requester, cancellationToken).ConfigureAwait(false));
        return requester;
    }

    /// <summary>Type 4: asks and waits for the reply in this thread.</summary>
    /// <param name="request">The caller's again when this returns.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told, and its handler's token is cancelled then.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <returns>The reply: a lease, to be disposed.</returns>
    /// <exception cref="FairleadException">
    /// Timeout; the text says whether the request was sent and read. PeerGone. Failed: the handler threw, or refused. TooLarge. Where no
    /// reply came, <see cref="FairleadException.Delivery"/> says whether the request may have been carried out.
    /// </exception>
    public Message Request(ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Ask(request, MessageFlags.None, timeout, cancellationToken);

    /// <summary>Type 4: asks and waits for the reply in this thread.</summary>
    /// <param name="request">The caller's again when this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public Message Request(ReadOnlySpan<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        Ask(request, options.Flags, options.Timeout, cancellationToken);

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Copied before this returns.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Message> RequestAsync(
        ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        AskAsync(request, default, MessageFlags.None, timeout, cancellationToken);

    /// <inheritdoc cref="RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> request, CancellationToken cancellationToken) =>
        AskAsync(request, default, MessageFlags.None, null, cancellationToken);

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Copied before this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Message> RequestAsync(
        ReadOnlySpan<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        AskAsync(request, default, options.Flags, options.Timeout, cancellationToken);

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Must stay as it is until completion.</param>
    /// <param name="timeout">At most so long; null: for ever. The responder is told.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<Message> RequestAsync(
        ReadOnlyMemory<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        AskAsync(default, request, MessageFlags.None, timeout, cancellationToken);

    /// <summary>Type 3: asks; the task completes when the reply is in.</summary>
    /// <param name="request">Must stay as it is until completion.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<Message> RequestAsync(
        ReadOnlyMemory<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        AskAsync(default, request, options.Flags, options.Timeout, cancellationToken);

    void ILinkOwner.OnUp(Link link, Completions completions) => AskNewcomer(link);

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a requester has no topics";
}
