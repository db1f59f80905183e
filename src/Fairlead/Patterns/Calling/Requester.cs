using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sends requests to <see cref="Responder"/>s and gets their replies.</summary>
/// <remarks>
/// <para>
/// Type 3 requests are asynchronous: the caller continues, and many requests are in flight. Type 4 requests are synchronous: the caller
/// blocks.
/// </para>
/// <para>
/// A connected requester asks the one responder it is connected to. A bound requester serves any number of responders, and spreads requests
/// round robin over those with capacity. A survey asks all.
/// </para>
/// <para>
/// Replies may arrive in any order. A request is repeated only if it is marked <see cref="RequestOptions.Idempotent"/>. Cancellation and
/// the remaining time travel with the request. A blocking caller reads its reply itself when no other call waits.
/// </para>
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

    /// <summary>For the factories only, because an unopened requester is unusable.</summary>
    private Requester()
    {
    }

    private Outbox Outbox => new(Core);

    /// <summary>Binds a requester that responders connect to.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Requester Bind(Address address, EndpointOptions? options = null)
    {
        Requester requester = new();
        requester.Open(EndpointCore.Bind(address, options, Profile, requester));
        return requester;
    }

    /// <summary>Binds a requester that responders connect to. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Requester> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound responder. Blocks until connected.</summary>
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

    /// <summary>Sends a request (type 4). Blocks until the reply arrives.</summary>
    /// <param name="request">The payload. The caller may change it when this returns.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder's handler is cancelled at that time.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <returns>The reply: a lease, which the caller disposes.</returns>
    /// <exception cref="FairleadException">
    /// Timeout; the text says whether the request was sent and read. PeerGone. Failed: the handler threw, or refused. TooLarge. Without a
    /// reply, <see cref="FairleadException.Delivery"/> says whether the request may have been executed.
    /// </exception>
    public Message Request(ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Ask(request, MessageFlags.None, timeout, cancellationToken);

    /// <summary>Sends a request (type 4). Blocks until the reply arrives.</summary>
    /// <param name="request">The payload. The caller may change it when this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public Message Request(ReadOnlySpan<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        Ask(request, options.Flags, options.Timeout, cancellationToken);

    /// <summary>Sends a request (type 3). The task completes when the reply arrives.</summary>
    /// <param name="request">The payload. Copied before this returns.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder learns it.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Message> RequestAsync(
        ReadOnlySpan<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        AskAsync(request, MessageFlags.None, timeout, cancellationToken);

    /// <inheritdoc cref="RequestAsync(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)"/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> request, CancellationToken cancellationToken) =>
        AskAsync(request, MessageFlags.None, null, cancellationToken);

    /// <summary>Sends a request (type 3). The task completes when the reply arrives.</summary>
    /// <param name="request">The payload. Copied before this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Message> RequestAsync(
        ReadOnlySpan<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        AskAsync(request, options.Flags, options.Timeout, cancellationToken);

    /// <summary>Sends a request (type 3). The task completes when the reply arrives.</summary>
    /// <param name="request">The payload. It must not change until completion.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit. The responder learns it.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<Message> RequestAsync(
        ReadOnlyMemory<byte> request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        AskAsync(request, MessageFlags.None, timeout, cancellationToken);

    /// <summary>Sends a request (type 3). The task completes when the reply arrives.</summary>
    /// <param name="request">The payload. It must not change until completion.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responder.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<Message> RequestAsync(
        ReadOnlyMemory<byte> request, RequestOptions options, CancellationToken cancellationToken = default) =>
        AskAsync(request, options.Flags, options.Timeout, cancellationToken);

    void ILinkOwner.OnUp(Link link, Completions completions) => AskNewcomer(link);

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a requester has no topics";
}
