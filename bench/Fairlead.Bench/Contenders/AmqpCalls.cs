using System.Collections.Concurrent;
using RabbitMQ.Client;

namespace Fairlead.Bench.Contenders;

/// <summary>The baseline of requests over a broker: RabbitMQ's own client, a queue of requests, and direct replies.</summary>
/// <param name="inLoop">Whether the main thread answers in a loop, and not the consumer in its callback.</param>
internal sealed class AmqpCalls(bool inLoop = false) : Contender<Caller>(inLoop ? "RabbitMQ.Client, loop" : "RabbitMQ.Client")
{
    private const string ReplyQueue = "amq.rabbitmq.reply-to";

    public override string? Missing => BrokerNode.Missing;

    public override void Serve(Session session, Action listening)
    {
        var (connection, channel) = BrokerNode.Open(session, isDurable: false, confirms: false);
        Echo echo = new(channel, inLoop ? [] : null);
        channel.BasicConsumeAsync(BrokerNode.QueueOf(session), autoAck: false, echo).GetAwaiter().GetResult();
        listening();
        echo.Serve();
        GC.KeepAlive(connection);
    }

    public override Caller Connect(Session session) => new Client(session);

    private sealed class Echo(IChannel channel, BlockingCollection<Asked>? waiting) : AsyncDefaultBasicConsumer(channel)
    {
        public void Serve()
        {
            if (waiting is null)
            {
                Thread.Sleep(Timeout.Infinite);
                return;
            }

            foreach (Asked asked in waiting.GetConsumingEnumerable())
            {
                AnswerAsync(asked, CancellationToken.None).GetAwaiter().GetResult();
            }
        }

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
            Asked asked = new(deliveryTag, properties.ReplyTo!, properties.CorrelationId!, body);
            if (waiting is null)
            {
                return AnswerAsync(asked, cancellationToken);
            }

            // The memory is the client's when this returns.
            waiting.Add(asked with { Body = body.ToArray() }, cancellationToken);
            return Task.CompletedTask;
        }

        private async Task AnswerAsync(Asked asked, CancellationToken cancellationToken)
        {
            BasicProperties reply = new() { CorrelationId = asked.Id };
            await Channel
                .BasicPublishAsync("", asked.ReplyTo, mandatory: false, reply, asked.Body, cancellationToken)
                .ConfigureAwait(false);
            await Channel.BasicAckAsync(asked.Tag, multiple: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class Client : BlockingCaller
    {
        private readonly string _queue;
        private readonly IConnection _connection;
        private readonly IChannel _channel;
        private readonly Replies _replies;
        private long _count;

        public Client(Session session)
        {
            _queue = BrokerNode.QueueOf(session);
            (_connection, _channel) = BrokerNode.Open(session, isDurable: false, confirms: false);
            _replies = new Replies(_channel);
            _channel.BasicConsumeAsync(ReplyQueue, autoAck: true, _replies).GetAwaiter().GetResult();
        }

        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            BasicProperties properties = new() { CorrelationId = $"{++_count}", ReplyTo = ReplyQueue };
            _channel.BasicPublishAsync("", _queue, mandatory: true, properties, request.ToArray()).AsTask().GetAwaiter().GetResult();
            _replies.Take(properties.CorrelationId).CopyTo(reply);
        }

        public override void Dispose()
        {
            _channel.Dispose();
            _connection.Dispose();
            _replies.Dispose();
        }
    }

    private readonly record struct Asked(ulong Tag, string ReplyTo, string Id, ReadOnlyMemory<byte> Body);

    private sealed class Replies(IChannel channel) : AsyncDefaultBasicConsumer(channel), IDisposable
    {
        private readonly SemaphoreSlim _came = new(0);
        private string? _id;
        private byte[] _body = [];

        public void Dispose() => _came.Dispose();

        public byte[] Take(string id)
        {
            _came.Wait();
            return _id == id ? _body : throw new IOException("the reply to another request came");
        }

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
            (_id, _body) = (properties.CorrelationId, body.ToArray());
            _came.Release();
            return Task.CompletedTask;
        }
    }
}
