using System.Globalization;
using System.Text;
using Fairlead.Native.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairlead.RabbitMQ;

/// <summary>One connection to the broker with one channel, from its beginning to its end. A lost one is replaced by another.</summary>
/// <remarks>
/// Owns the connection and the channel. Any thread. Nothing of it recovers by itself: declarations, consumers and unconfirmed messages
/// end with the connection, and the bridge makes them again.
/// </remarks>
internal sealed class BrokerSession : IAsyncDisposable
{
    /// <summary>How often each side shows that it lives, if the address does not say.</summary>
    public static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    // A broker under load may take its time for a declaration.
    private static readonly TimeSpan LeastAnswerTime = TimeSpan.FromSeconds(10);

    // No broker can be configured to take a longer message. A lower limit would end the connection, again and again, because the broker
    // delivers such a message again; the bridge refuses the message instead.
    private const uint LongestOfBrokers = 512 << 20;

    private readonly BrokerAddress _broker;
    private readonly IConnection _connection;
    private readonly BrokerCertificates _certificates;
    private readonly CancellationTokenSource _ended = new();
    private FairleadException? _end;

    // Of the fields below it: a report is made under it, so the last one that the watch gets is the present state.
    private readonly Lock _telling = new();
    private Action<string?>? _onBlocked;
    private string? _blocked;
    private string? _full;

    private BrokerSession(BrokerAddress broker, IConnection connection, IChannel channel, BrokerNode node, BrokerCertificates certificates)
    {
        (_broker, _connection, Channel, _certificates) = (broker, connection, channel, certificates);
        Ended = _ended.Token;
        Broker = new Peer { RemoteAddress = node.ToString(), Program = ProgramOf(connection) };
    }

    public IChannel Channel { get; }

    /// <summary>The broker's program and version, and the node.</summary>
    public Peer Broker { get; }

    /// <summary>Cancelled when the connection or the channel has ended.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended, or null.</summary>
    public FairleadException? End => Volatile.Read(ref _end);

    /// <summary>Connects to the first node that accepts, and opens the channel.</summary>
    /// <param name="broker">The nodes, in this order, and the credentials.</param>
    /// <param name="settings">The endpoint's settings: time for each node, heartbeat, longest message.</param>
    /// <param name="confirms">Whether the broker confirms published messages.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">The error of the last node; PermissionDenied immediately.</exception>
    public static async Task<BrokerSession> OpenAsync(
        BrokerAddress broker, Transports.EndpointSettings settings, bool confirms, CancellationToken cancellationToken)
    {
        for (int i = 0; ; i++)
        {
            BrokerNode node = broker.Nodes[i];
            try
            {
                return await OpenInTimeAsync(broker, node, settings, confirms, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception problem)
            {
                FairleadException error = BrokerErrors.OfConnecting(problem, broker, node, settings.HandshakeTimeout);
                if (error.Code == ErrorCode.PermissionDenied || i + 1 == broker.Nodes.Count)
                {
                    throw error;
                }
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

    /// <summary>Closes channel and connection in order. Waits for a limited time; the rest ends automatically. Never throws.</summary>
    /// <remarks>The client waits for the answers of a broker that may be gone, each time for as long as for any other answer.</remarks>
    public async ValueTask DisposeAsync()
    {
        Fail(new FairleadException(ErrorCode.PeerGone, "the endpoint has closed"));
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
        await Finishing.DoAsync("a broker's channel", async () =>
        {
            if (Channel.IsOpen)
            {
                await Channel.CloseAsync().ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
        await Finishing.DoAsync(
            "a broker's connection",
            async () => await _connection.CloseAsync(Constants.ReplySuccess, "closed", CloseTimeout, abort: true).ConfigureAwait(false))
            .ConfigureAwait(false);
        await Finishing.DoAsync("a broker's channel", Channel.DisposeAsync).ConfigureAwait(false);
        await Finishing.DoAsync("a broker's connection", _connection.DisposeAsync).ConfigureAwait(false);
        _certificates.Dispose();
    }

    /// <summary>Connects to a node, and gives up at the limit of a handshake.</summary>
    /// <remarks>
    /// The client has a limit for each of its steps, some of them fixed, and waits for answers again while it gives up. A broker that says
    /// nothing would hold a caller for a minute.
    /// </remarks>
    private static async Task<BrokerSession> OpenInTimeAsync(
        BrokerAddress broker,
        BrokerNode node,
        Transports.EndpointSettings settings,
        bool confirms,
        CancellationToken cancellationToken)
    {
        CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<BrokerSession> opening = OpenAsync(broker, node, settings, confirms, end.Token);
        try
        {
            return await opening.WaitAsync(settings.HandshakeTimeout, settings.Time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = AbandonAsync(opening, end);
        }
    }

    /// <summary>Ends an attempt that is over or was given up. A session that it opened too late is closed. Never throws.</summary>
    private static async Task AbandonAsync(Task<BrokerSession> opening, CancellationTokenSource end)
    {
        using (end)
        {
            if (!opening.IsCompleted)
            {
                await end.CancelAsync().ConfigureAwait(false);
                await Finishing.DoAsync(
                    "a connection to a broker that was given up",
                    async () => await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
    }

    private static async Task<BrokerSession> OpenAsync(
        BrokerAddress broker,
        BrokerNode node,
        Transports.EndpointSettings settings,
        bool confirms,
        CancellationToken cancellationToken)
    {
        BrokerCertificates certificates = new(broker, node);
        try
        {
            return await OpenAsync(broker, node, certificates, settings, confirms, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            certificates.Dispose();
            throw;
        }
    }

    private static async Task<BrokerSession> OpenAsync(
        BrokerAddress broker,
        BrokerNode node,
        BrokerCertificates certificates,
        Transports.EndpointSettings settings,
        bool confirms,
        CancellationToken cancellationToken)
    {
        AmqpTcpEndpoint endpoint = new(node.Host, node.Port, certificates.Option);
        ConnectionFactory factory = new()
        {
            UserName = broker.Credentials.User,
            Password = broker.Credentials.Password,
            VirtualHost = broker.VirtualHost,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            AuthMechanisms = broker.LogsInByCertificate ? [new ExternalMechanismFactory()] : [new PlainMechanismFactory()],
            MaxInboundMessageBodySize = LongestOfBrokers,
            RequestedHeartbeat = settings.Heartbeat > TimeSpan.Zero ? settings.Heartbeat : DefaultHeartbeat,
            RequestedConnectionTimeout = settings.HandshakeTimeout,
            HandshakeContinuationTimeout = settings.HandshakeTimeout,
            ContinuationTimeout = settings.HandshakeTimeout > LeastAnswerTime ? settings.HandshakeTimeout : LeastAnswerTime,
            ClientProvidedName = string.Create(
                CultureInfo.InvariantCulture, $"{Path.GetFileName(Environment.ProcessPath)}, pid {NativeProcess.Id}"),
        };
        IConnection connection = await factory.CreateConnectionAsync([endpoint], cancellationToken).ConfigureAwait(false);
        try
        {
            IChannel channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(confirms, publisherConfirmationTrackingEnabled: false), cancellationToken).ConfigureAwait(false);
            BrokerSession session = new(broker, connection, channel, node, certificates);
            connection.ConnectionShutdownAsync += session.OnShutdown;
            connection.ConnectionBlockedAsync += session.OnBlocked;
            connection.ConnectionUnblockedAsync += session.OnUnblocked;
            channel.ChannelShutdownAsync += session.OnShutdown;
            if (!channel.IsOpen)
            {
                // It ended before this listened.
                session.Fail(BrokerErrors.OfShutdown(channel.CloseReason!, broker));
            }

            return session;
        }
        catch
        {
            await Finishing.DoAsync("a broker's connection", connection.DisposeAsync).ConfigureAwait(false);
            throw;
        }
    }

    private static string ProgramOf(IConnection connection) =>
        PlainText.OneLine($"{Property(connection, "product")} {Property(connection, "version")}").Trim();

    private static string Property(IConnection connection, string name) =>
        connection.ServerProperties?.TryGetValue(name, out object? value) == true && value is byte[] text
            ? Encoding.UTF8.GetString(text)
            : "";

    private Task OnBlocked(object sender, ConnectionBlockedEventArgs blocked)
    {
        TellBlocked($"the broker reads nothing from its publishers now: {PlainText.OneLine(blocked.Reason)}");
        return Task.CompletedTask;
    }

    private Task OnUnblocked(object sender, AsyncEventArgs unblocked)
    {
        TellBlocked(null);
        return Task.CompletedTask;
    }

    private Task OnShutdown(object sender, ShutdownEventArgs reason)
    {
        Fail(BrokerErrors.OfShutdown(reason, _broker));
        return Task.CompletedTask;
    }
}
