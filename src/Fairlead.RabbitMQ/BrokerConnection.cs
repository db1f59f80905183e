using System.Globalization;
using System.Text;
using Fairlead.Native.Processes;
using Fairlead.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairlead.RabbitMQ;

/// <summary>A connection of this process to a broker, which endpoints share: one to publish, one to consume.</summary>
/// <remarks>
/// <para>
/// Owns the connection, its certificates and the number of its users. It is opened by the first user and closed with the last. A lost one
/// ends the sessions of all users, whose bridges open the next one together. Any thread.
/// </para>
/// <para>
/// A connection that the broker does not read now, or that has answered too late, gets no further users: a new endpoint opens another one.
/// </para>
/// </remarks>
internal sealed class BrokerConnection : IAsyncDisposable
{
    /// <summary>How often each side shows that it lives, if the address does not say.</summary>
    public static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(10);

    /// <summary>A broker allows 2,047 channels on a connection, and a session has up to three.</summary>
    private const int MostUsers = 500;

    // No broker can be configured to take a longer message. A lower limit would end the connection, again and again, because the broker
    // delivers such a message again; the bridge refuses the message instead.
    private const uint LongestOfBrokers = 512 << 20;

    // A broker under load may take its time for a declaration.
    private static readonly TimeSpan LeastAnswerTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
    private static readonly Lock Gate = new();
    private static readonly Dictionary<Key, BrokerConnection> Current = [];

    private readonly Key _key;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource<Opened> _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Of the field and the watches: a report is made under it, so the last one that a watch gets is the present state.
    private readonly Lock _telling = new();
    private readonly HashSet<BrokerSession> _watches = [];
    private volatile string? _blocked;

    // Under the gate of all connections.
    private int _users;

    private BrokerConnection(Key key) => _key = key;

    /// <summary>Whether it is open, or was never opened.</summary>
    public bool IsAlive => _opening.Task is not { IsCompletedSuccessfully: true, Result.Connection.IsOpen: false };

    private bool TakesMore =>
        _users < MostUsers
        && _blocked is null
        && (!_opening.Task.IsCompleted || (_opening.Task.IsCompletedSuccessfully && _opening.Task.Result.Connection.IsOpen));

    /// <summary>Returns the connection for an address, which the caller uses until it releases it. It may not be open yet.</summary>
    /// <param name="broker">The address.</param>
    /// <param name="settings">The settings of the endpoint.</param>
    /// <param name="use">Which of the connections.</param>
    /// <param name="isNew">Whether this call begins to open it.</param>
    public static BrokerConnection Hold(BrokerAddress broker, EndpointSettings settings, ConnectionUse use, out bool isNew)
    {
        Key key = Key.Of(broker, settings, use);
        BrokerConnection connection;
        lock (Gate)
        {
            if (Current.TryGetValue(key, out BrokerConnection? current) && current.TakesMore)
            {
                current._users++;
                isNew = false;
                return current;
            }

            isNew = true;
            connection = new BrokerConnection(key) { _users = 1 };
            Current[key] = connection;
        }

        _ = PoolWork.Start(() => connection.OpenAsync(broker, settings));
        return connection;
    }

    /// <summary>Returns the connection when it is open.</summary>
    /// <param name="address">The address of the caller.</param>
    /// <param name="limit">The longest time to wait; infinite for the caller that begins to open it, which has limits of its own.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">The error of the last node; PermissionDenied immediately.</exception>
    /// <exception cref="TimeoutException">The limit is over.</exception>
    public async Task<Opened> OpenedAsync(Address address, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await _opening.Task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (FairleadException refused)
        {
            // Others wait for the same, each at an address of its own.
            throw new FairleadException(refused.Code, refused.WhatHappened, refused.WhatToDo, refused.InnerException) { Address = address };
        }
    }

    /// <summary>Gives it no further users.</summary>
    public void Retire()
    {
        lock (Gate)
        {
            if (Current.TryGetValue(_key, out BrokerConnection? current) && current == this)
            {
                _ = Current.Remove(_key);
            }
        }
    }

    /// <summary>Tells a session now and later why the broker reads nothing from this connection.</summary>
    public void Watch(BrokerSession session)
    {
        lock (_telling)
        {
            _ = _watches.Add(session);
            session.TellBlocked(_blocked);
        }
    }

    /// <summary>Ends the use by a session. Never throws.</summary>
    public ValueTask ReleaseAsync(BrokerSession session)
    {
        lock (_telling)
        {
            _ = _watches.Remove(session);
        }

        return DisposeAsync();
    }

    /// <summary>Ends one use. The last one closes the connection, and its task completes when that is done. Never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (Gate)
        {
            if (--_users > 0)
            {
                return;
            }

            // Before another user could take a connection that is about to close.
            Retire();
        }

        await _abandoned.CancelAsync().ConfigureAwait(false);
        await Finishing.DoAsync("a broker's connection", CloseAsync).ConfigureAwait(false);
    }

    private async ValueTask CloseAsync()
    {
        await ((Task)_opening.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_opening.Task.IsCompletedSuccessfully)
        {
            return;
        }

        (IConnection connection, _, BrokerCertificates certificates) = _opening.Task.Result;
        await Finishing.DoAsync(
            "a broker's connection",
            async () => await connection.CloseAsync(Constants.ReplySuccess, "closed", CloseTimeout, abort: true).ConfigureAwait(false))
            .ConfigureAwait(false);
        await Finishing.DoAsync("a broker's connection", connection.DisposeAsync).ConfigureAwait(false);
        certificates.Dispose();
    }

    /// <summary>Opens it at the first node that accepts.</summary>
    private async Task OpenAsync(BrokerAddress broker, EndpointSettings settings)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                BrokerNode node = broker.Nodes[i];
                try
                {
                    Opened opened = await OpenInTimeAsync(broker, node, settings, _abandoned.Token).ConfigureAwait(false);
                    opened.Connection.ConnectionBlockedAsync += OnBlocked;
                    opened.Connection.ConnectionUnblockedAsync += OnUnblocked;
                    _opening.SetResult(opened);
                    return;
                }
                catch (Exception problem) when (!_abandoned.IsCancellationRequested)
                {
                    FairleadException error = BrokerErrors.OfConnecting(problem, broker, node, settings.HandshakeTimeout);
                    if (error.Code == ErrorCode.PermissionDenied || i + 1 == broker.Nodes.Count)
                    {
                        throw error;
                    }
                }
            }
        }
        catch (Exception problem)
        {
            // Before its users learn of it: the next attempt of each is another one.
            Retire();
            _opening.SetException(problem);
        }
    }

    /// <summary>Connects to a node, and gives up at the limit of a handshake.</summary>
    /// <remarks>
    /// The client has a limit for each of its steps, some of them fixed, and waits for answers again while it gives up. A broker that says
    /// nothing would hold a caller for a minute.
    /// </remarks>
    private async Task<Opened> OpenInTimeAsync(
        BrokerAddress broker, BrokerNode node, EndpointSettings settings, CancellationToken cancellationToken)
    {
        CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<Opened> opening = OpenAsync(broker, node, settings, end.Token);
        try
        {
            return await opening.WaitAsync(settings.HandshakeTimeout, settings.Time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = AbandonAsync(opening, end);
        }
    }

    /// <summary>Ends an attempt that is over or was given up. A connection that it opened too late is closed. Never throws.</summary>
    private static async Task AbandonAsync(Task<Opened> opening, CancellationTokenSource end)
    {
        using (end)
        {
            if (opening.IsCompleted)
            {
                return;
            }

            await end.CancelAsync().ConfigureAwait(false);
            await Finishing.DoAsync(
                "a connection to a broker that was given up",
                async () =>
                {
                    (IConnection connection, _, BrokerCertificates certificates) = await opening.ConfigureAwait(false);
                    using (certificates)
                    {
                        await connection.DisposeAsync().ConfigureAwait(false);
                    }
                }).ConfigureAwait(false);
        }
    }

    private async Task<Opened> OpenAsync(
        BrokerAddress broker, BrokerNode node, EndpointSettings settings, CancellationToken cancellationToken)
    {
        BrokerCertificates certificates = new(broker, node);
        IConnection? connection = null;
        try
        {
            ConnectionFactory factory = new()
            {
                UserName = broker.Credentials.User,
                Password = broker.Credentials.Password,
                VirtualHost = broker.VirtualHost,
                AutomaticRecoveryEnabled = false,
                TopologyRecoveryEnabled = false,
                AuthMechanisms = broker.LogsInByCertificate ? [new ExternalMechanismFactory()] : [new PlainMechanismFactory()],
                MaxInboundMessageBodySize = LongestOfBrokers,
                RequestedHeartbeat = _key.Heartbeat,
                RequestedConnectionTimeout = settings.HandshakeTimeout,
                HandshakeContinuationTimeout = settings.HandshakeTimeout,
                ContinuationTimeout = settings.HandshakeTimeout > LeastAnswerTime ? settings.HandshakeTimeout : LeastAnswerTime,
                ClientProvidedName = NameOf(_key.Use),
            };
            AmqpTcpEndpoint endpoint = new(node.Host, node.Port, certificates.Option);
            connection = await factory.CreateConnectionAsync([endpoint], cancellationToken).ConfigureAwait(false);

            // A node that opens a connection may still answer nothing on it, and then the next node is tried.
            IChannel probe = await connection.CreateChannelAsync(null, cancellationToken).ConfigureAwait(false);
            _ = Finishing.DoAsync("a broker's channel", probe.DisposeAsync).AsTask();
            return new Opened(connection, new Peer { RemoteAddress = node.ToString(), Program = ProgramOf(connection) }, certificates);
        }
        catch
        {
            if (connection is not null)
            {
                await Finishing.DoAsync("a broker's connection", connection.DisposeAsync).ConfigureAwait(false);
            }

            certificates.Dispose();
            throw;
        }
    }

    private static string NameOf(ConnectionUse use)
    {
        string verb = use == ConnectionUse.Publishing ? "publishing" : "consuming";
        return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(Environment.ProcessPath)}, pid {NativeProcess.Id}, {verb}");
    }

    private static string ProgramOf(IConnection connection) =>
        PlainText.OneLine($"{Property(connection, "product")} {Property(connection, "version")}").Trim();

    private static string Property(IConnection connection, string name) =>
        connection.ServerProperties?.TryGetValue(name, out object? value) == true && value is byte[] text
            ? Encoding.UTF8.GetString(text)
            : "";

    private Task OnBlocked(object sender, ConnectionBlockedEventArgs blocked)
    {
        Tell($"the broker reads nothing from its publishers now: {PlainText.OneLine(blocked.Reason)}");
        return Task.CompletedTask;
    }

    private Task OnUnblocked(object sender, AsyncEventArgs unblocked)
    {
        Tell(null);
        return Task.CompletedTask;
    }

    private void Tell(string? why)
    {
        lock (_telling)
        {
            _blocked = why;
            foreach (BrokerSession session in _watches)
            {
                session.TellBlocked(why);
            }
        }
    }

    /// <summary>A connection, once it is open.</summary>
    /// <param name="Connection">The connection. The broker answers on it.</param>
    /// <param name="Broker">The broker's program and version, and the node.</param>
    /// <param name="Certificates">What was read from the files of the address.</param>
    internal sealed record Opened(IConnection Connection, Peer Broker, BrokerCertificates Certificates);

    /// <summary>Everything by which connections differ.</summary>
    private sealed record Key(
        string Nodes, string VirtualHost, string User, string Password, string Tls, TimeSpan Heartbeat, ConnectionUse Use)
    {
        /// <remarks>Reads the files of an encrypted address, because each endpoint learns what is wrong with them.</remarks>
        /// <exception cref="FairleadException">As for <see cref="BrokerCertificates"/>.</exception>
        public static Key Of(BrokerAddress broker, EndpointSettings settings, ConnectionUse use)
        {
            using BrokerCertificates certificates = new(broker, broker.Nodes[0]);
            return new Key(
                string.Join(',', broker.Nodes),
                broker.VirtualHost,
                broker.Credentials.User,
                broker.Credentials.Password,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{broker.Address.Scheme} {broker.Authority} {broker.LogsInByCertificate} {certificates.Fingerprints}"),
                settings.Heartbeat > TimeSpan.Zero ? settings.Heartbeat : DefaultHeartbeat,
                use);
        }

        /// <summary>Without the password.</summary>
        public override string ToString() => $"{Nodes}/{VirtualHost}";
    }
}

/// <summary>The use of a connection: a broker that is short of memory reads nothing from those that publish.</summary>
internal enum ConnectionUse
{
    /// <summary>To publish, and to receive what needs no acknowledgement.</summary>
    Publishing,

    /// <summary>To receive and acknowledge.</summary>
    Consuming,
}
