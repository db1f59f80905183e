using Fairlead.Bench.Scenarios;
using RabbitMQ.Client;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of streams over a broker: RabbitMQ's own client, with the guarantees of Fairlead's. The broker confirms each message, of
/// which at most 16,384 are unconfirmed. The sender keeps those, as it must to publish them again, and durable ones have an identity, by
/// which a receiver knows a second copy. The receiver has at most 256 that it has not acknowledged, and acknowledges many at once.
/// </summary>
internal sealed class AmqpStream(bool isDurable) : Contender<OneWaySender>($"RabbitMQ.Client{(isDurable ? ", durable" : "")}")
{
    private const int MostUnconfirmed = 16 * 1024;
    private const int Prefetch = 256;
    private const string ReplyQueue = "amq.rabbitmq.reply-to";

    public override string? Missing => BrokerNode.Missing;

    public override void Serve(Session session, Action listening)
    {
        var (connection, channel) = BrokerNode.Open(session, isDurable, confirms: false);
        channel.BasicQosAsync(0, Prefetch, global: false).GetAwaiter().GetResult();
        channel.BasicConsumeAsync(BrokerNode.QueueOf(session), autoAck: false, new Consumer(channel)).GetAwaiter().GetResult();
        listening();
        Thread.Sleep(Timeout.Infinite);
        GC.KeepAlive(connection);
    }

    public override OneWaySender Connect(Session session) => new Client(session, isDurable);

    private sealed class Consumer(IChannel channel) : AsyncDefaultBasicConsumer(channel)
    {
        private long _due;

        public override async Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
        {
            bool isLast = Numbered.Check(body.Span, ref _due);
            if (isLast)
            {
                await Channel.BasicPublishAsync("", properties.ReplyTo!, mandatory: false, body, cancellationToken).ConfigureAwait(false);
            }

            if (isLast || deliveryTag % (Prefetch / 4) == 0)
            {
                await Channel.BasicAckAsync(deliveryTag, multiple: true, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private sealed class Client : OneWaySender
    {
        private readonly string _queue;
        private readonly IConnection _connection;
        private readonly IChannel _channel;
        private readonly bool _isDurable;
        private readonly string _sender = Guid.NewGuid().ToString("N");
        private readonly BasicProperties _plain = new();
        private readonly Lock _gate = new();
        private readonly Queue<byte[]> _unconfirmed = new();
        private readonly SemaphoreSlim _room = new(MostUnconfirmed);
        private readonly SemaphoreSlim _read = new(0);
        private ulong _confirmed;
        private long _count;

        public Client(Session session, bool isDurable)
        {
            _queue = BrokerNode.QueueOf(session);
            (_connection, _channel) = BrokerNode.Open(session, isDurable, confirms: true);
            _isDurable = isDurable;
            _channel.BasicAcksAsync += (_, confirmed) =>
            {
                // In order, on this broker.
                int count = (int)(confirmed.DeliveryTag - _confirmed);
                lock (_gate)
                {
                    for (int i = 0; i < count; i++)
                    {
                        _ = _unconfirmed.Dequeue();
                    }
                }

                _room.Release(count);
                _confirmed = confirmed.DeliveryTag;
                return Task.CompletedTask;
            };
            _channel.BasicConsumeAsync(ReplyQueue, autoAck: true, new Reply(_channel, _read)).GetAwaiter().GetResult();
        }

        public override void Send(ReadOnlySpan<byte> message) => Publish(message, isLast: false);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            Publish(message, isLast: true);
            _read.Wait();
        }

        public override void Dispose()
        {
            _channel.Dispose();
            _connection.Dispose();
            _room.Dispose();
            _read.Dispose();
        }

        private void Publish(ReadOnlySpan<byte> message, bool isLast)
        {
            _room.Wait();
            byte[] body = message.ToArray();
            lock (_gate)
            {
                _unconfirmed.Enqueue(body);
            }

            var publishing = _channel.BasicPublishAsync("", _queue, mandatory: true, PropertiesOf(isLast), body);
            if (!publishing.IsCompletedSuccessfully)
            {
                publishing.AsTask().GetAwaiter().GetResult();
            }
        }

        private BasicProperties PropertiesOf(bool isLast)
        {
            if (!_isDurable && !isLast)
            {
                return _plain;
            }

            BasicProperties properties = new() { Persistent = _isDurable };
            if (_isDurable)
            {
                properties.MessageId = $"{_sender}-{++_count}";
            }

            if (isLast)
            {
                properties.ReplyTo = ReplyQueue;
            }

            return properties;
        }
    }

    private sealed class Reply(IChannel channel, SemaphoreSlim read) : AsyncDefaultBasicConsumer(channel)
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
            read.Release();
            return Task.CompletedTask;
        }
    }
}
