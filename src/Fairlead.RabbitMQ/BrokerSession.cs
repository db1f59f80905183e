using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairlead.RabbitMQ;

/// <summary>One channel on a shared connection to the broker, from its beginning to its end. A lost one is replaced by another.</summary>
/// <remarks>
/// Owns the channel, and uses the connection. Any thread. Nothing of it recovers by itself: declarations, consumers and unconfirmed
/// messages end with the channel, and the bridge makes them again.
/// </remarks>
internal sealed class BrokerSession : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly BrokerAddress _broker;
    private readonly BrokerConnection _shared;
    private readonly IConnection _connection;
    private readonly CancellationTokenSource _ended = new();
    private FairleadException? _end;
    private bool _isReleased;

    // Of the fields below it: a report is made under it, so the last one that the watch gets is the present state.
    private readonly Lock _telling = new();
    private Action<string?>? _onBlocked;
    private string? _blocked;
    private string? _full;

    private BrokerSession(BrokerAddress broker, BrokerConnection shared, BrokerConnection.Opened opened, IChannel channel)
    {
        (_broker, _shared, _connection, Broker, Channel) = (broker, shared, opened.Connection, opened.Broker, channel);
        Ended = _ended.Token;
    }

    public IChannel Channel { get; }

    /// <summary>The broker's program and version, and the node.</summary>
    public Peer Broker { get; }

    /// <summary>Cancelled when the connection or the channel has ended.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended, or null.</summary>
    public FairleadException? End => Volatile.Read(ref _end);

    /// <summary>Opens a channel on the connection that this process has for the address, which is opened if there is none.</summary>
    /// <param name="broker">The nodes, in this order, and the credentials.</param>
    /// <param name="settings">The endpoint's settings: time for each node, heartbeat, longest message.</param>
    /// <param name="use">Which of the connections.</param>
    /// <param name="confirms">Whether the broker confirms published messages.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">The error of the last node; PermissionDenied immediately.</exception>
    public static async Task<BrokerSession> OpenAsync(
        BrokerAddress broker,
        Transports.EndpointSettings settings,
        ConnectionUse use,
        bool confirms,
        CancellationToken cancellationToken)
    {
        // Each node has the time of a handshake.
        Deadline deadline = Deadline.After(settings.HandshakeTimeout * broker.Nodes.Count, settings.Time);
        while (true)
        {
            BrokerConnection shared = BrokerConnection.Hold(broker, settings, use, out bool isNew);
            try
            {
                BrokerConnection.Opened opened = await shared.OpenedAsync(
                        broker.Address, (isNew ? Deadline.Infinite : deadline).RemainingTimer, settings.Time, cancellationToken)
                    .ConfigureAwait(false);
                IChannel channel = await OpenInTimeAsync(shared, opened, broker, settings, confirms, cancellationToken)
                    .ConfigureAwait(false);
                BrokerSession session = new(broker, shared, opened, channel);
                opened.Connection.ConnectionShutdownAsync += session.OnShutdown;
                channel.ChannelShutdownAsync += session.OnShutdown;
                shared.Watch(session);
                if (!channel.IsOpen)
                {
                    // It ended before this listened.
                    session.Fail(BrokerErrors.OfShutdown(channel.CloseReason!, broker));
                }

                return session;
            }
            catch (Exception problem)
            {
                // It ends without its caller: a broker that answers nothing delays its end.
                _ = shared.DisposeAsync().AsTask();
                if (problem is TimeoutException)
                {
                    throw BrokerErrors.OfConnecting(problem, broker, broker.Nodes[^1], settings.HandshakeTimeout);
                }

                // Who begins to open a connection sets the limit for it, and did so earlier: the time of this caller may not be over.
                bool isOfAnother = problem is FairleadException { Code: ErrorCode.Timeout } && !deadline.Passed;
                if (isNew || (shared.IsAlive && !isOfAnother) || problem is OperationCanceledException)
                {
                    throw;
                }

                // It was lost, and this process had not noticed that: another one says why.
            }
        }
    }

    /// <summary>Opens another channel of the same connection. Dispose it.</summary>
    public Task<IChannel> OpenChannelAsync(CancellationToken cancellationToken, CreateChannelOptions? options = null) =>
        _connection.CreateChannelAsync(options, cancellationToken);

    /// <summary>Tells the watch now and later why the broker reads nothing from this connection; null: it reads.</summary>
    public void WatchBlocked(Action<string?> watch)
    {
        lock (_telling)
        {
            _onBlocked = watch;
            watch(_blocked ?? _full);
        }
    }

    /// <summary>Notes why the broker reads nothing from this connection, or another one of the same endpoint. Any thread.</summary>
    public void TellBlocked(string? why)
    {
        lock (_telling)
        {
            _blocked = why;
            _onBlocked?.Invoke(_blocked ?? _full);
        }
    }

    /// <summary>Notes why the queue takes none of this session's messages; null: it does again. Any thread.</summary>
    public void TellFull(string? why)
    {
        lock (_telling)
        {
            _full = why;
            _onBlocked?.Invoke(_blocked ?? _full);
        }
    }

    /// <summary>Ends it as lost. Any thread.</summary>
    public void Fail(FairleadException end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is null)
        {
            // Not on the client's own thread: a waiter for the end may close this connection.
            _ = _ended.CancelAsync();
        }
    }

    /// <summary>Closes the channel in order, and the connection if no other uses it. Waits for a limited time; the rest ends
    /// automatically. Never throws.</summary>
    /// <remarks>The client waits for the answers of a broker that may be gone, each time for as long as for any other answer.</remarks>
    public async ValueTask DisposeAsync()
    {
        Fail(new FairleadException(ErrorCode.PeerGone, "the endpoint has closed"));
        if (Interlocked.Exchange(ref _isReleased, true))
        {
            return;
        }

        try
        {
            await CloseAsync().WaitAsync(CloseTimeout, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It goes on.
        }
    }

    private async Task CloseAsync()
    {
        _connection.ConnectionShutdownAsync -= OnShutdown;
        await Finishing.DoAsync("a broker's channel", async () =>
        {
            if (Channel.IsOpen)
            {
                await Channel.CloseAsync().ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        await Finishing.DoAsync("a broker's channel", Channel.DisposeAsync).ConfigureAwait(false);
        await _shared.ReleaseAsync(this).ConfigureAwait(false);
    }

    /// <summary>Opens a channel, and gives up at the limit of a handshake. Others then use another connection.</summary>
    private static async Task<IChannel> OpenInTimeAsync(
        BrokerConnection shared,
        BrokerConnection.Opened opened,
        BrokerAddress broker,
        Transports.EndpointSettings settings,
        bool confirms,
        CancellationToken cancellationToken)
    {
        CreateChannelOptions options = new(confirms, publisherConfirmationTrackingEnabled: false);
        Task<IChannel> opening = opened.Connection.CreateChannelAsync(options, cancellationToken);
        try
        {
            return await opening.WaitAsync(settings.HandshakeTimeout, settings.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            _ = Finishing.DoAsync(
                "a broker's channel",
                async () => await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false)).AsTask();
            if (problem is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            shared.Retire();
            throw problem is TimeoutException
                ? BrokerErrors.OfSilence(problem, broker, opened.Broker.RemoteAddress!, settings.HandshakeTimeout)
                : BrokerErrors.Of(problem, broker);
        }
    }

    private Task OnShutdown(object sender, ShutdownEventArgs reason)
    {
        Fail(BrokerErrors.OfShutdown(reason, _broker));
        return Task.CompletedTask;
    }
}
