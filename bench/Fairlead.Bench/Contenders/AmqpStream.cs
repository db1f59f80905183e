using Fairlead.Bench.Scenarios;
using RabbitMQ.Client;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of streams over a broker: RabbitMQ's own client, with the guarantees of Fairlead's. The broker confirms each message, of
/// which at most 16,384 are unconfirmed. The receiver has at most 256 that it has not acknowledged, and acknowledges many at once.
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
        private readonly BasicProperties _plain;
        private readonly BasicProperties _last;
        private readonly SemaphoreSlim _room = new(MostUnconfirmed);
        private readonly SemaphoreSlim _read = new(0);
        private ulong _confirmed;

        public Client(Session session, bool isDurable)
        {
            _queue = BrokerNode.QueueOf(session);
            (_connection, _channel) = BrokerNode.Open(session, isDurable, confirms: true);
            _plain = new BasicProperties { Persistent = isDurable };
            _last = new BasicProperties { Persistent = isDurable, ReplyTo = ReplyQueue };
            _channel.BasicAcksAsync += (_, confirmed) =>
            {
                // In order, on this broker.
                _room.Release((int)(confirmed.DeliveryTag - _confirmed));
                _confirmed = confirmed.DeliveryTag;
                return Task.CompletedTask;
            };
            _channel.BasicConsumeAsync(ReplyQueue, autoAck: true, new Reply(_channel, _read)).GetAwaiter().GetResult();
        }

        public override void Send(ReadOnlySpan<byte> message) => Publish(message, _plain);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            Publish(message, _last);
            _read.Wait();
        }

        public override void Dispose()
        {
            _channel.Dispose();
            _connection.Dispose();
            _room.Dispose();
            _read.Dispose();
        }

        private void Publish(ReadOnlySpan<byte> message, BasicProperties properties)
        {
            _room.Wait();
            var publishing = _channel.BasicPublishAsync("", _queue, mandatory: true, properties, message.ToArray());
            if (!publishing.IsCompletedSuccessfully)
            {
                publishing.AsTask().GetAwaiter().GetResult();
            }
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
