using Fairlead.Framing;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>
/// Carries the messages of one endpoint to the broker and back. Its inner end is the peer of the user's endpoint, within the process; its
/// other side is a session with the broker, which it opens again when it is lost.
/// </summary>
/// <remarks>
/// <para>
/// Owns the inner end, the current session and the task that serves both. The engine's flow control is the bridge's, too: a message that
/// the broker has not confirmed is not acknowledged to the user's end, which therefore waits, also when it closes; a message that the user
/// has not accepted is not acknowledged to the broker, which sends no more than <c>?prefetch=</c>.
/// </para>
/// <para>
/// It ends with the user's endpoint; or when the broker refuses what the endpoint does, or stays lost for longer than <c>?reconnect=</c>:
/// then the endpoint loses its peer, with the reason.
/// </para>
/// </remarks>
internal abstract class Bridge(BrokerAddress broker, EndpointSettings settings) : ILinkOwner, IAsyncDisposable
{
    /// <summary>How long the inner end may take to report an end to the user's endpoint.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<Link> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReopenPause _pause = new(settings.Time);
    private BrokerSession? _session;

    /// <summary>The broker, as the peer of the user's endpoint.</summary>
    public Peer Broker => _session!.Broker;

    protected BrokerAddress Address => broker;

    protected EndpointSettings Settings => settings;

    /// <summary>The inner end. Only after it has been started.</summary>
    protected EndpointCore Core { get; private set; } = null!;

    /// <summary>The other half of the user's pattern, which the inner end plays.</summary>
    protected abstract PatternProfile Profile { get; }

    /// <summary>Whether the broker confirms what this bridge publishes; otherwise it consumes.</summary>
    protected virtual bool Confirms => false;

    /// <summary>Whether a message of the user's endpoint counts as acknowledged only when the bridge says so.</summary>
    protected virtual bool HoldsBack => Confirms;

    /// <summary>Creates the bridge for an endpoint's pattern.</summary>
    /// <exception cref="FairleadException">NotSupported: a broker has no equivalent.</exception>
    public static Bridge Of(BrokerAddress broker, EndpointSettings settings) => settings.Pattern switch
    {
        PatternKind.Sender => new SendingBridge(broker, settings),
        PatternKind.Receiver => new ReceivingBridge(broker, settings),
        PatternKind.Requester => new RequestingBridge(broker, settings),
        PatternKind.Responder => new RespondingBridge(broker, settings),
        PatternKind.Publisher => new PublishingBridge(broker, settings),
        PatternKind.Subscriber => new SubscribingBridge(broker, settings),
        PatternKind.WorkQueue => throw new FairleadException(
            ErrorCode.NotSupported,
            "the broker is the work queue",
            "Connect the Senders, and the workers as Receivers; ?deliveries=5 at all of them limits redelivery.")
        {
            Address = broker.Address,
        },
        _ => throw new FairleadException(
            ErrorCode.NotSupported,
            $"a broker has no equivalent of a {settings.Pattern}",
            "Use Senders and Receivers, Requesters and Responders, Publishers and Subscribers, Hubs or Pairs.")
        {
            Address = broker.Address,
        },
    };

    /// <summary>Connects to the broker, and declares what the endpoint uses.</summary>
    /// <exception cref="FairleadException">NotFound, PermissionDenied, Incompatible, Unavailable, Timeout.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        BrokerSession session = await BrokerSession.OpenAsync(
            broker, settings, Confirms ? ConnectionUse.Publishing : ConnectionUse.Consuming, Confirms, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await DeclareAsync(session.Channel, cancellationToken).ConfigureAwait(false);
            _session = session;
        }
        catch (Exception problem)
        {
            // It ends without its caller: a broker that answers nothing delays its end.
            _ = session.DisposeAsync().AsTask();
            if (problem is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw BrokerErrors.Of(problem, broker);
        }
    }

    /// <summary>Starts, as the end that the user's endpoint connects to.</summary>
    public void StartBehind(Connection connection)
    {
        Core = EndpointCore.Serve(new SingleListener(broker.Address, connection) { YieldsOne = true }, InnerSettings(), Profile, this);
        _ = PoolWork.Start(RunAsync);
    }

    /// <summary>Starts, as the end that connects to the user's bound endpoint.</summary>
    public void StartOver(Connection connection) => _ = PoolWork.Start(() => RunOverAsync(connection));

    /// <summary>Ends a bridge that was not started. A started one ends with its endpoint.</summary>
    public ValueTask DisposeAsync() => EndAsync(null);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
        // Before the call that connects has returned, the inner end may be up.
        Core = (EndpointCore)link.Endpoint;
        OnUp(link);
        _up.TrySetResult(link);
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions) => _ = _closing.CancelAsync();

    void ILinkOwner.OnNeverUp() => _ = _closing.CancelAsync();

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a broker's queue has no topics";

    bool ILinkOwner.DefersSubscription(Link link, uint id, string topic, bool subscribes) =>
        DefersSubscription(link, id, topic, subscribes);

    void ILinkOwner.OnStateChanged(EndpointStateChange change)
    {
    }

    /// <summary>Declares queues and exchanges. Repeated on every connection, which changes nothing if they are there.</summary>
    protected abstract Task DeclareAsync(IChannel channel, CancellationToken cancellationToken);

    /// <summary>Carries messages until the token is cancelled: the session or the user's endpoint has ended.</summary>
    /// <param name="session">The session, which the caller closes.</param>
    /// <param name="link">The link to the user's endpoint.</param>
    /// <param name="ended">Cancelled with the session or the endpoint.</param>
    protected abstract Task ServeAsync(BrokerSession session, Link link, CancellationToken ended);

    /// <summary>Whether another session may do what this one did not.</summary>
    protected virtual bool IsPassing(FairleadException end) => BrokerErrors.IsPassing(end);

    /// <summary>Notes that a session was lost, with everything that was under way on it.</summary>
    protected virtual void OnLost()
    {
    }

    /// <summary>Called by the pump.</summary>
    protected virtual void OnUp(Link link)
    {
    }

    protected virtual bool DefersSubscription(Link link, uint id, string topic, bool subscribes) => false;

    /// <summary>Asks the user's endpoint something that it refuses. Its answer follows all that was sent to it before.</summary>
    protected ValueTask<LinkResult> BeginRoundTrip(Link link) => BeginCall(link, MessageKind.Subscribe, ">"u8);

    /// <summary>Sends a call that is no message of the user.</summary>
    protected ValueTask<LinkResult> BeginCall(Link link, MessageKind kind, ReadOnlySpan<byte> payload)
    {
        LinkOperation operation = LinkOperation.Rent(Core, isBlocking: false, MessageHeader.Of(kind), default);
        operation.PeerLink = link;
        operation.Copy(payload);
        ValueTask<LinkResult> task = operation.Task;
        link.LinkSender.Start(operation);
        return task;
    }

    /// <summary>Returns the next message of the user's endpoint; when the token is cancelled, what has come until then, and null.</summary>
    /// <remarks>An endpoint may end immediately after a message, which is here then.</remarks>
    protected async ValueTask<MessageCore?> NextAsync(CancellationToken ended)
    {
        try
        {
            return await Core.Receivers.ReceiveAsync(null, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // It may have come while the wait ended. With a cancelled token there is no second wait.
            ValueTask<MessageCore?> last = Core.Receivers.ReceiveAsync(null, ended);
            return last.IsCompletedSuccessfully ? await last.ConfigureAwait(false) : null;
        }
    }

    /// <summary>Completes when the token is cancelled.</summary>
    protected static async Task UntilAsync(CancellationToken ended)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = ended.UnsafeRegister(
            static state => ((TaskCompletionSource)state!).TrySetResult(), over);
        await over.Task.ConfigureAwait(false);
    }

    private EndpointSettings InnerSettings() => settings with
    {
        Pattern = Profile.Kind,

        // Receivers take no longer messages by default: they would reject them, and the messages would be lost.
        LongestMessage = settings.LongestMessage ?? EndpointSettings.DefaultNetworkLimit,
        OverflowPolicy = null,
        Heartbeat = TimeSpan.Zero,
        Reconnect = TimeSpan.Zero,
        Label = "",
        IsInner = true,
        Hindrance = new Hindrance(),
        HoldsBack = HoldsBack,

        // Within the process a write is a place in a queue, and a signal only if the reader sleeps. The flusher would cost more.
        WriteMode = WriteMode.Immediate,
        Program = Broker.Program,
    };

    private async Task RunOverAsync(Connection connection)
    {
        try
        {
            // Completes when the user's endpoint accepts, which it does as soon as it is served.
            Core = await EndpointCore.OverAsync(connection, [broker.Address], 0, InnerSettings(), Profile, this, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            FairleadEventSource.Log.Contained("the start of a bridge to a broker", problem.ToString());
            await _session!.DisposeAsync().ConfigureAwait(false);
            return;
        }

        await RunAsync().ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        FairleadException? end = null;
        try
        {
            using CancellationTokenRegistration abandoned = _closing.Token.UnsafeRegister(
                static state => ((TaskCompletionSource<Link>)state!).TrySetCanceled(), _up);
            Link link = await _up.Task.ConfigureAwait(false);
            while (true)
            {
                end = await ServeOnceAsync(link).ConfigureAwait(false);
                if (_closing.IsCancellationRequested || (end is not null && !IsPassing(end)))
                {
                    break;
                }

                link.Inner?.Lose(end?.WhatHappened ?? "the connection to the broker ended", 0);
                OnLost();
                (_session, end) = await ReopenAsync(link).ConfigureAwait(false);
                if (_session is null)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The endpoint closed before the bridge was up.
        }
        catch (Exception problem)
        {
            FairleadEventSource.Log.Contained("a bridge to a broker", problem.ToString());
            end = BrokerErrors.Of(problem, broker);
        }
        finally
        {
            await EndAsync(end).ConfigureAwait(false);
        }
    }

    private async Task<FairleadException?> ServeOnceAsync(Link link)
    {
        BrokerSession session = _session!;
        session.WatchBlocked(why => link.Inner?.Hinder(why));
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(session.Ended, _closing.Token);
        try
        {
            await ServeAsync(session, link, ended.Token).ConfigureAwait(false);
            return session.End;
        }
        catch (Exception problem)
        {
            // The end of the connection says more than the exceptions that the client throws on a lost one.
            return session.End ?? (_closing.IsCancellationRequested ? null : BrokerErrors.Of(problem, broker));
        }
        finally
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Connects again, for as long as the address says. Returns the session, or the last error.</summary>
    private async Task<(BrokerSession? Session, FairleadException? Error)> ReopenAsync(Link link)
    {
        bool isLimited = settings.Reconnect > TimeSpan.Zero || broker.Address.Option("reconnect") is not null;
        Deadline deadline = Deadline.After(isLimited ? settings.Reconnect : null, settings.Time);
        _pause.Lose();
        for (int attempt = 1; ; attempt++)
        {
            // Also before the first attempt: a broker that takes a session and ends it at once is not asked without pause.
            await _pause.WaitAsync(_closing.Token).ConfigureAwait(false);
            FairleadException error;
            try
            {
                await OpenAsync(_closing.Token).ConfigureAwait(false);
                _pause.Open();
                link.Inner?.Lose(null, attempt);
                return (_session, null);
            }
            catch (FairleadException problem)
            {
                error = problem;
                FairleadEventSource.Log.Reconnecting(broker.Address.Display, attempt, error.WhatHappened);
            }

            if (deadline.Passed || !IsPassing(error))
            {
                return (null, error);
            }
        }
    }

    private async ValueTask EndAsync(FairleadException? end)
    {
        if (_session is { } session)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        Finishing.Do("a bridge to a broker", OnLost);
        if (Core is not { } core)
        {
            return;
        }

        if (end is not null && _up.Task.IsCompletedSuccessfully)
        {
            Finishing.Do("a bridge to a broker", () => _up.Task.Result.Kill(CloseReason.ClosedByUs, end.WhatHappened));
            await Finishing.DoAsync("a bridge to a broker", async () => await core.CloseAsync(CloseTimeout).ConfigureAwait(false))
                .ConfigureAwait(false);
        }

        Finishing.Do("a bridge to a broker", core.Dispose);
    }
}
