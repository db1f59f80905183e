using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the requests of a <see cref="Requester"/> to a queue, and the replies back.</summary>
/// <remarks>
/// A request expires in the queue with its deadline. A cancelled one is called off at the responders. One that the queue does not take
/// fails immediately: the broker confirms each, and a refusal has its number. When the connection is lost, the outcome of every request
/// under way is unknown: its reply queue has gone with the channel.
/// </remarks>
internal sealed class RequestingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private const string ReplyQueue = BrokerQueues.DirectReply;

    /// <summary>How many requests of others a caller's thread publishes behind its own: see <see cref="InnerWay"/>.</summary>
    private const int MostInARow = 16;

    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.Responder,
        Name = "bridge",
        Peers = [PatternKind.Requester],
        Takes = [MessageKind.Request],
        Needs = TransportCapabilities.None,
    };

    private readonly ConcurrentDictionary<string, Pending> _pending = new();
    private readonly string _requester = Guid.NewGuid().ToString("N");
    private long _count;

    protected override PatternProfile Profile => Inner;

    protected override bool Confirms => true;

    /// <remarks>A request is acknowledged when the bridge reads it, as a responder would.</remarks>
    protected override bool HoldsBack => false;

    protected override async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await Topology.DeclareRequestsAsync(channel, Address, cancellationToken).ConfigureAwait(false);
        await Topology.DeclareCancellationsAsync(channel, Address, cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        IChannel channel = session.Channel;
        PublishWindow<string> unconfirmed = new();
        channel.BasicReturnAsync += OnReturned;
        channel.BasicAcksAsync += (sender, args) =>
        {
            _ = unconfirmed.Take(args.DeliveryTag, args.Multiple, out _);
            return Task.CompletedTask;
        };
        channel.BasicNacksAsync += (sender, args) =>
        {
            foreach (string id in unconfirmed.Take(args.DeliveryTag, args.Multiple, out _))
            {
                Fail(id, ErrorCode.Full, $"the queue '{Address.Name}' did not take the request");
            }

            return Task.CompletedTask;
        };

        // Numbers of confirmations belong to requests only, so what is called off takes another channel.
        IChannel callingOff = await session.OpenChannelAsync(ended).ConfigureAwait(false);
        await channel.BasicConsumeAsync(ReplyQueue, autoAck: true, new ReplyConsumer(channel, this), ended).ConfigureAwait(false);
        try
        {
            int inARow = 0;
            while (true)
            {
                ValueTask<MessageCore?> next = Core.Receivers.ReceiveAsync(null, ended);
                inARow = next.IsCompleted ? inARow + 1 : 0;
                if (await next.ConfigureAwait(false) is not { } received)
                {
                    break;
                }

                await PublishAsync(session, callingOff, unconfirmed, new Request(new Message(received)), ended).ConfigureAwait(false);
                if (inARow == MostInARow)
                {
                    await Task.Yield();
                    inARow = 0;
                }
            }
        }
        finally
        {
            if (session.End is null)
            {
                // The requester closes: its requests are called off before the channel is closed.
                foreach (Pending pending in _pending.Values)
                {
                    await pending.AbandonAsync().ConfigureAwait(false);
                }
            }

            await Finishing.DoAsync("a broker's channel", callingOff.DisposeAsync).ConfigureAwait(false);
        }
    }

    protected override void OnLost()
    {
        foreach (string id in _pending.Keys)
        {
            Fail(
                id,
                ErrorCode.PeerGone,
                "the connection to the broker was lost before the reply arrived; the request may have been executed");
        }
    }

    private async ValueTask PublishAsync(
        BrokerSession session, IChannel callingOff, PublishWindow<string> unconfirmed, Request request, CancellationToken ended)
    {
        if (request.Message.IsTakenBack)
        {
            request.Dispose();
            return;
        }

        string id = string.Create(CultureInfo.InvariantCulture, $"{_requester}-{++_count}");
        Pending pending = new(this, session, callingOff, id, request);
        BasicProperties properties = PropertiesOf(id, request);
        ReadOnlyMemory<byte> body = request.Memory;
        _pending[id] = pending;
        _ = unconfirmed.Add(id);
        try
        {
            await session.Channel.BasicPublishAsync("", Address.Name, mandatory: true, properties, body, ended).ConfigureAwait(false);
        }
        finally
        {
            // Only now: until here the memory is in use.
            pending.Watch();
        }
    }

    private BasicProperties PropertiesOf(string id, in Request request)
    {
        BasicProperties properties = Address.NewProperties();
        if (AmqpProperties.GivenTo(request.Message.Core.Head) is { } given)
        {
            AmqpProperties.AddTo(properties, given);
        }

        AmqpProperties.ExpectAnswer(properties, ReplyQueue, id);
        if (request.Timeout is { } timeout)
        {
            properties.Expiration = AmqpProperties.MillisecondsOf(timeout);
        }

        if (request.Idempotent)
        {
            AmqpProperties.SetHeader(properties, Headers.Idempotent, true);
        }

        return properties;
    }

    private Task OnReturned(object sender, BasicReturnEventArgs returned)
    {
        if (returned.BasicProperties.CorrelationId is { } id)
        {
            Fail(id, ErrorCode.NotFound, $"the broker has no queue '{returned.RoutingKey}' any more");
        }

        return Task.CompletedTask;
    }

    private void Reply(string id, ReadOnlySpan<byte> reply)
    {
        if (_pending.TryRemove(id, out Pending? pending))
        {
            pending.End(reply);
        }
    }

    private void Fail(string id, ErrorCode code, string text)
    {
        if (_pending.TryRemove(id, out Pending? pending))
        {
            pending.Fail(code, text);
        }
    }

    /// <summary>A request that was published and has no reply yet. Ended once, by the caller that takes it out of the table.</summary>
    private sealed class Pending(RequestingBridge bridge, BrokerSession session, IChannel callingOff, string id, Request request)
    {
        private readonly TaskCompletionSource _published = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenRegistration _watch;

        /// <summary>Lets the request end from here on.</summary>
        public void Watch()
        {
            _watch = request.CancellationToken.UnsafeRegister(static state => ((Pending)state!).OnCancelled(), this);
            _published.SetResult();
        }

        public void End(ReadOnlySpan<byte> reply)
        {
            if (_published.Task.IsCompleted)
            {
                Answer(reply);
            }
            else
            {
                _ = EndLaterAsync(reply.ToArray());
            }
        }

        public void Fail(ErrorCode code, string text) => _ = FailAsync(code, text);

        private async Task EndLaterAsync(byte[] reply)
        {
            await _published.Task.ConfigureAwait(false);
            Answer(reply);
        }

        private void Answer(ReadOnlySpan<byte> reply)
        {
            _watch.Dispose();
            try
            {
                request.Reply(reply);
            }
            catch (FairleadException tooLong)
            {
                request.FailUnlessAnswered(tooLong.Code, tooLong.Message);
            }

            request.Dispose();
        }

        private async Task FailAsync(ErrorCode code, string text)
        {
            await _published.Task.ConfigureAwait(false);
            _watch.Dispose();
            request.FailUnlessAnswered(code, text);
            request.Dispose();
        }

        /// <summary>Ends a request whose requester waits no more, and calls it off.</summary>
        public async ValueTask AbandonAsync()
        {
            if (bridge._pending.TryRemove(id, out _))
            {
                _watch.Dispose();
                request.Dispose();
                await CallOffAsync().ConfigureAwait(false);
            }
        }

        private void OnCancelled() => _ = PoolWork.Start(async () => await AbandonAsync().ConfigureAwait(false));

        /// <summary>Tells all responders: the one that has the request cancels it.</summary>
        private async Task CallOffAsync()
        {
            try
            {
                await callingOff.BasicPublishAsync(
                    Topology.CancellationsOf(bridge.Address.Name),
                    "",
                    mandatory: false,
                    new BasicProperties { CorrelationId = id },
                    ReadOnlyMemory<byte>.Empty).ConfigureAwait(false);
            }
            catch (Exception problem)
            {
                session.Fail(BrokerErrors.Of(problem, bridge.Address));
            }
        }
    }

    private sealed class ReplyConsumer(IChannel channel, RequestingBridge bridge) : AsyncDefaultBasicConsumer(channel)
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
            if (properties.CorrelationId is { } id)
            {
                if (Headers.Number(properties, Headers.Error) is { } code)
                {
                    ErrorCode known = Enum.IsDefined((ErrorCode)code) ? (ErrorCode)code : ErrorCode.Failed;
                    bridge.Fail(id, known, Headers.Text(body.Span));
                }
                else
                {
                    bridge.Reply(id, body.Span);
                }
            }

            return Task.CompletedTask;
        }
    }
}
