using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ.Tunnels;

/// <summary>One session with the broker that carries tunnels: its queue, and the channels by the queues of their peers.</summary>
/// <remarks>
/// Owns the session, which ends when its last user releases it. Any thread. When the session is lost, so are its channels: the broker has
/// deleted the queue, and with it what was on its way.
/// </remarks>
internal sealed class TunnelSession
{
    /// <summary>How the names begin that the broker gives to queues. It gives none of them to a user that asks for it.</summary>
    private const string ClientQueues = BrokerQueues.Generated;

    private const int MostAttempts = 5;

    private readonly BrokerAddress _broker;
    private readonly BrokerSession _session;
    private readonly IChannel _publishing;
    private readonly ConcurrentDictionary<string, TunnelChannel> _channels = new(StringComparer.Ordinal);
    private readonly Action<TunnelSession, string>? _opened;

    // The one that has opened it is a user.
    private int _users = 1;

    private TunnelSession(
        BrokerAddress broker, BrokerSession session, IChannel publishing, string queue, Action<TunnelSession, string>? opened)
    {
        (_broker, _session, _publishing, Queue, _opened) = (broker, session, publishing, queue, opened);
        publishing.ChannelShutdownAsync += (_, reason) =>
        {
            session.Fail(BrokerErrors.OfShutdown(reason, broker));
            return Task.CompletedTask;
        };
    }

    /// <summary>The queue of this end.</summary>
    public string Queue { get; }

    /// <summary>Cancelled when the session is lost or closed.</summary>
    public CancellationToken Ended => _session.Ended;

    /// <summary>Why it ended, or null.</summary>
    public FairleadException? End => _session.End;

    /// <summary>The node of the broker.</summary>
    public string Node => _session.Broker.RemoteAddress!;

    /// <summary>Connects to the broker, and declares and consumes a queue that no other connection uses.</summary>
    /// <param name="broker">The address.</param>
    /// <param name="settings">The settings of the endpoint.</param>
    /// <param name="queue">The name of the queue; empty: the broker chooses one.</param>
    /// <param name="opened">Runs for each peer that opens a connection, with its queue, in the order of arrival; null: none may.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">AlreadyExists: another end has the queue. As for <see cref="BrokerSession"/>.</exception>
    public static async Task<TunnelSession> OpenAsync(
        BrokerAddress broker,
        Transports.EndpointSettings settings,
        string queue,
        Action<TunnelSession, string>? opened,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await OpenOnceAsync(broker, settings, queue, opened, cancellationToken).ConfigureAwait(false);
            }
            catch (FairleadException gone) when (attempt < MostAttempts && IsGone(gone.InnerException))
            {
                // It was the queue of an end that has just closed. The broker deletes such a queue a moment later: here between declaring
                // and consuming it. Now it is gone.
            }
        }
    }

    private static bool IsGone(Exception? problem) =>
        problem is OperationInterruptedException { ShutdownReason.ReplyCode: Constants.NotFound };

    private static async Task<TunnelSession> OpenOnceAsync(
        BrokerAddress broker,
        Transports.EndpointSettings settings,
        string queue,
        Action<TunnelSession, string>? opened,
        CancellationToken cancellationToken)
    {
        BrokerSession session = await BrokerSession.OpenAsync(
            broker, settings, ConnectionUse.Publishing, confirms: false, cancellationToken).ConfigureAwait(false);
        IChannel? publishing = null;
        try
        {
            publishing = await session.OpenChannelAsync(
                cancellationToken, new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: true)).ConfigureAwait(false);
            QueueDeclareOk declared = await session.Channel.QueueDeclareAsync(
                queue, durable: false, exclusive: true, autoDelete: true, Bridges.Topology.OfOneEnd(), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            TunnelSession tunnels = new(broker, session, publishing, declared.QueueName, opened);

            // Alone: another end of this process has the same connection, for which the queue itself is not exclusive.
            await session.Channel.BasicConsumeAsync(
                declared.QueueName,
                autoAck: true,
                consumerTag: "",
                noLocal: false,
                exclusive: true,
                arguments: null,
                new Consumer(tunnels, session.Channel),
                cancellationToken).ConfigureAwait(false);

            // From here on: an attempt that fails says nothing about the endpoint.
            session.WatchBlocked(settings.Hindrance.Tell);
            return tunnels;
        }
        catch (Exception problem)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            if (publishing is not null)
            {
                await Finishing.DoAsync("a broker's channel", publishing.DisposeAsync).ConfigureAwait(false);
            }

            if (problem is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw BrokerErrors.Of(problem, broker);
        }
    }

    /// <summary>Completes when the session has ended.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = Ended.UnsafeRegister(
            static state => ((TaskCompletionSource)state!).TrySetResult(), ended);
        await ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a channel, which uses the session until it is removed. Returns false if the session is over.</summary>
    public bool TryAdd(string peer, TunnelChannel channel)
    {
        if (!TryHold())
        {
            return false;
        }

        _channels[peer] = channel;

        // Now, or when the session ends: the registration goes with the channel.
        channel.EndsWith(_session.Ended);
        return true;
    }

    /// <summary>Removes a channel, which has sent everything.</summary>
    public void Remove(string peer, TunnelChannel channel)
    {
        if (_channels.TryRemove(KeyValuePair.Create(peer, channel)))
        {
            Release();
        }
    }

    /// <summary>Publishes a message to a queue. Completes when the broker has put it there.</summary>
    /// <exception cref="FairleadException">PeerGone: there is no such queue. Unavailable: the session is over.</exception>
    public Task PublishAsync(string queue, string kind, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        PublishAsync(Queue, queue, kind, body, cancellationToken);

    /// <summary>Resets a channel whose peer has gone, behind everything that the peer had sent.</summary>
    /// <remarks>
    /// The broker may tell that the peer's queue has gone before it hands over the last messages of the peer. They are in this end's queue
    /// by then, so the reset takes the same way.
    /// </remarks>
    public Task ResetBehindAsync(string peer) => PublishAsync(peer, Queue, TunnelKind.Reset, default, CancellationToken.None);

    private async Task PublishAsync(
        string sender, string queue, string kind, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        BasicProperties properties = new() { Type = kind, ReplyTo = sender };
        try
        {
            await _publishing.BasicPublishAsync("", queue, mandatory: true, properties, body, cancellationToken).ConfigureAwait(false);
        }
        catch (PublishException returned) when (returned.IsReturn)
        {
            throw new FairleadException(ErrorCode.PeerGone, "the other end has left the broker", null, returned)
            {
                Address = _broker.Address,
            };
        }
        catch (Exception problem) when (!(problem is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw _session.End ?? BrokerErrors.Of(problem, _broker);
        }
    }

    /// <summary>Gives up a use. The last one closes the session.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _ = CloseAsync();
        }
    }

    private bool TryHold()
    {
        for (int users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return true;
            }
        }

        return false;
    }

    private async Task CloseAsync()
    {
        // The endpoint may have another session by now.
        _session.WatchBlocked(static _ =>
        {
        });
        await _session.DisposeAsync().ConfigureAwait(false);
        await Finishing.DoAsync("a broker's channel", _publishing.DisposeAsync).ConfigureAwait(false);
    }

    private void OnMessage(string peer, string? kind, ReadOnlySpan<byte> body)
    {
        if (_channels.TryGetValue(peer, out TunnelChannel? channel))
        {
            channel.OnMessage(kind, body);
        }
        else if (_opened is not null && !peer.StartsWith(ClientQueues, StringComparison.Ordinal))
        {
            // A client has a queue that the broker named. Another name may be a queue that the sender itself may not write to, and what
            // this end publishes would get there on its behalf.
            FairleadEventSource.Log.CannotAccept(_broker.Address.Display, "a client has no queue that the broker named");
        }
        else if (kind == TunnelKind.Open && _opened is not null)
        {
            _opened(this, peer);
        }
        else if (kind == TunnelKind.Data)
        {
            // Of a connection that an earlier end had here, or that this end has closed.
            Refuse(peer);
        }
    }

    /// <summary>Tells a peer that it has no connection.</summary>
    public void Refuse(string peer) => _ = Finishing.DoAsync(
        "a refusal at a broker", async () => await PublishAsync(peer, TunnelKind.Reset, default).ConfigureAwait(false)).AsTask();

    private sealed class Consumer(TunnelSession session, IChannel channel) : AsyncDefaultBasicConsumer(channel)
    {
        public override Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
        {
            if (properties.ReplyTo is { Length: > 0 } peer)
            {
                session.OnMessage(peer, properties.Type, body.Span);
            }

            return Task.CompletedTask;
        }

        /// <summary>The queue was deleted, by an administrator.</summary>
        public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
        {
            session._session.Fail(Bridges.QueueConsumer.CancelOf(session.Queue));
            return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
        }
    }
}
