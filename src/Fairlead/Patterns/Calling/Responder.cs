using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Answers the requests of <see cref="Requester"/>s, one by one with <see cref="Receive"/> or many at the same time with a
/// handler.</summary>
public sealed partial class Responder : MessagingEndpoint, ILinkOwner
{
    private const int DefaultConcurrency = 64;

    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Responder,
        Name = "Responder",
        Peers = [PatternKind.Requester],
        Takes = [MessageKind.Request],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Protocol,
    };

    /// <summary>For the factories only, because an unopened responder is unusable.</summary>
    private Responder()
    {
    }

    /// <summary>
    /// A requester has left. Its last requests may still have to be received. Handlers run on the thread that reads: they must not block.
    /// </summary>
    public event EventHandler<PeerLeft>? PeerLeft;

    private Inbox Inbox => new(Core);

    /// <summary>Binds a responder that requesters connect to.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Responder Bind(Address address, EndpointOptions? options = null)
    {
        Responder responder = new();
        responder.Open(EndpointCore.Bind(address, options, Profile, responder));
        return responder;
    }

    /// <summary>Binds a responder that requesters connect to. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Responder> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound requester. Blocks until connected.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Responder Connect(Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound requester.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Responder> ConnectAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Responder responder = new();
        responder.Open(await EndpointCore.ConnectAsync(address, options, Profile, responder, cancellationToken).ConfigureAwait(false));
        return responder;
    }

    /// <summary>Takes the next request if one has arrived. Does not block.</summary>
    /// <param name="request">Reply to it or fail it, and dispose it.</param>
    /// <returns>Whether a request had arrived.</returns>
    /// <inheritdoc cref="Receive" path="/exception"/>
    public bool TryReceive(out Request request)
    {
        bool came = Inbox.TryReceive(out Message message);
        request = came ? new Request(message) : default;
        return came;
    }

    /// <summary>Takes the next request if one arrives in time. Blocks until then.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="request">Reply to it or fail it, and dispose it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether a request arrived in time.</returns>
    /// <inheritdoc cref="Receive" path="/exception"/>
    public bool TryReceive(TimeSpan timeout, out Request request, CancellationToken cancellationToken = default)
    {
        bool came = Inbox.TryReceive(timeout, out Message message, cancellationToken);
        request = came ? new Request(message) : default;
        return came;
    }

    /// <summary>Blocks until the next request arrives and takes it.</summary>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The request. Reply to it or fail it, and dispose it.</returns>
    /// <exception cref="FairleadException">Timeout. PeerGone: a connected responder has lost its requester.</exception>
    public Request Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        new(Inbox.Receive(timeout, cancellationToken));

    /// <summary>Takes the next request when it arrives.</summary>
    /// <inheritdoc cref="Receive" path="/param|/returns|/exception"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Request> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        new(await Inbox.ReceiveAsync(timeout, cancellationToken).ConfigureAwait(false));

    /// <summary>Takes the next request when it arrives.</summary>
    /// <inheritdoc cref="Receive" path="/returns|/exception"/>
    public ValueTask<Request> ReceiveAsync(CancellationToken cancellationToken) => ReceiveAsync(null, cancellationToken);

    /// <summary>Calls the handler for each request, many at the same time, and replies with its results, until cancelled.</summary>
    /// <param name="handler">
    /// Gets the request, which is valid until the handler returns, and its context, whose token is cancelled when the requester no longer
    /// waits. If the handler throws, the run continues, and <see cref="MessagingEndpoint.HandlerFailed"/> reports the exception. The
    /// requester gets <see cref="ErrorCode.Failed"/> with what <see cref="EndpointOptions.ErrorDetails"/> allows, or the code and text of a
    /// <see cref="FairleadException"/> that the handler made. Short handlers run on the thread that read the request.
    /// </param>
    /// <param name="concurrency">
    /// How many handlers may run at the same time. If a requester does not read its replies and more than 4 MiB of them wait here, a
    /// handler counts until its reply is written. For one requester, at most half of the handlers count for so long.
    /// </param>
    /// <param name="cancellationToken">Ends the run, which waits for the running handlers.</param>
    public async Task RunAsync(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        Task[] loops = new Task[concurrency];
        for (int i = 0; i < concurrency; i++)
        {
            loops[i] = LoopAsync(handler, concurrency / 2, cancellationToken);
        }

        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    /// <summary>Calls a handler that returns its reply synchronously.</summary>
    /// <inheritdoc cref="RunAsync(Func{Request, RequestContext, ValueTask{ReadOnlyMemory{byte}}}, int, CancellationToken)" path="/param"/>
    public Task RunAsync(
        Func<Request, RequestContext, ReadOnlyMemory<byte>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return RunAsync(
            (request, context) => new ValueTask<ReadOnlyMemory<byte>>(handler(request, context)), concurrency, cancellationToken);
    }

    /// <summary>
    /// Disconnects a requester because of what it has sent. Its requests that are being handled are cancelled. The event source and the
    /// counter <c>fairlead.peers.cut_off</c> report it.
    /// </summary>
    /// <param name="peer">The requester: the object that its requests have.</param>
    /// <param name="text">The reason, which the requester is told if it reads.</param>
    /// <returns>False: it is not connected, or is reached through a broker, at which others share the connection.</returns>
    public bool Disconnect(Peer peer, string text)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(text);
        if (Array.Find(Core.LinkSnapshot, link => ReferenceEquals(link.Peer, peer)) is not { Inner: null, State: not LinkState.Down } link)
        {
            return false;
        }

        link.Kill(CloseReason.ProtocolError, text);
        FairleadEventSource.Log.CutOff(Address.Display, peer.ToString(), text);
        OperationMeter.CountCutOff(Core.MeterTags);
        return true;
    }

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions) => RaisePeerLeft(PeerLeft, link.Peer, end.Reason);

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a responder has no topics";
}
