using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Carries the messages of a <see cref="Sender"/> to a queue.</summary>
/// <remarks>
/// <para>
/// A message is released to its sender's window when the broker has confirmed it. After a lost connection, unconfirmed messages are
/// published again, in order and marked: at least once.
/// </para>
/// <para>
/// If the queue refuses a message without a receipt, the session lasts: the bridge publishes the message again after a pause, and reads no
/// new ones until the queue has taken all that it refused.
/// </para>
/// <para>
/// A message that wants a receipt carries the address of a reply queue, which lives as long as the channel. The receiver's bridge answers
/// there when its user has accepted. If the connection is lost in between, the outcome is unknown.
/// </para>
/// </remarks>
internal sealed partial class SendingBridge(BrokerAddress broker, EndpointSettings settings) : Bridge(broker, settings)
{
    private const string ReplyQueue = BrokerQueues.DirectReply;

    private static readonly PatternProfile Inner = new()
    {
        Kind = PatternKind.Receiver,
        Name = "bridge",
        Peers = [PatternKind.Sender],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.None,
    };

    private PublishWindow<Outgoing> _unconfirmed = new(
        Comparer<Outgoing>.Create(static (one, other) => one.Number.CompareTo(other.Number)));
    private readonly ConcurrentDictionary<string, Outgoing> _awaited = new();
    private readonly string _sender = Guid.NewGuid().ToString("N");

    // The properties of every message without an identity.
    private readonly BasicProperties _plain = broker.NewProperties();
    private long _count;

    protected override PatternProfile Profile => Inner;

    protected override bool Confirms => true;

    protected override Task DeclareAsync(IChannel channel, CancellationToken cancellationToken) =>
        Topology.DeclareQueueAsync(channel, Address, cancellationToken);

    protected override async Task ServeAsync(BrokerSession session, Link link, CancellationToken ended)
    {
        IChannel channel = session.Channel;
        PublishWindow<Outgoing> window = _unconfirmed = _unconfirmed.Leave();
        channel.BasicAcksAsync += (_, args) => OnConfirmed(session, window, link, args.DeliveryTag, args.Multiple);
        using Refusals refusals = new(ended);
        channel.BasicNacksAsync += (_, args) => OnRefused(session, window, link, refusals, args.DeliveryTag, args.Multiple);
        channel.BasicReturnAsync += (_, returned) => OnReturned(session, returned);

        // From here on, the end of the endpoint does not stop what it has sent before: it may have ended already.
        await channel.BasicConsumeAsync(ReplyQueue, autoAck: true, new ReceiptConsumer(channel, this), session.Ended)
            .ConfigureAwait(false);
        while (!refusals.Any && window.TryPeekAgain(out Outgoing? before))
        {
            await PublishAgainAsync(channel, link, before, session.Ended).ConfigureAwait(false);
        }

        while (true)
        {
            while (await NextUnlessRefusedAsync(refusals, ended).ConfigureAwait(false) is { } received)
            {
                await PublishAsync(channel, link, new Outgoing(this, new Message(received), ++_count), session.Ended)
                    .ConfigureAwait(false);
            }

            if (ended.IsCancellationRequested || !refusals.Any)
            {
                return;
            }

            await RetryAsync(session, window, link, refusals, ended).ConfigureAwait(false);
        }
    }

    /// <remarks>A delivery that is too long for the broker is told so, and the others go on. A message without a receipt has no way to
    /// be told, and would be published again without end.</remarks>
    protected override bool IsPassing(FairleadException end)
    {
        if (end.Code != ErrorCode.TooLarge)
        {
            return base.IsPassing(end);
        }

        // The broker ends the channel at the first that it does not take, and confirms in order: all before it are done or short.
        Outgoing? tooLong = _unconfirmed.Peek(ulong.MaxValue, isMultiple: true).Find(
            item => BrokerRefusal.IsOfLength(end.WhatHappened, item.Length));
        if (tooLong is not { WantsReceipt: true })
        {
            return false;
        }

        Settle(tooLong.Id, ReceiptStatus.NotDelivered, end.WhatHappened);
        return true;
    }

    protected override void OnLost()
    {
        foreach (string id in _awaited.Keys)
        {
            Settle(id, ReceiptStatus.Unknown, "the connection to the broker was lost before the receipt arrived");
        }
    }

    private async ValueTask PublishAsync(IChannel channel, Link link, Outgoing item, CancellationToken ended)
    {
        if (item.WantsReceipt)
        {
            if (item.IsAgain)
            {
                // Its outcome was reported as unknown when the connection was lost.
                item.Release();
                _unconfirmed.RemoveAgain();
                link.LinkReceiver.Release(_unconfirmed.Skip());
                return;
            }

            item.Await();
        }

        _unconfirmed.Add(item);
        if (item.IsAgain)
        {
            _unconfirmed.RemoveAgain();
        }

        try
        {
            await channel.BasicPublishAsync("", Address.Name, mandatory: true, PropertiesOf(item), item.Body, ended)
                .ConfigureAwait(false);
        }
        finally
        {
            item.EndPublishing();
        }
    }

    private BasicProperties PropertiesOf(Outgoing item)
    {
        bool isNamed = Address.IsDurable || Address.IsUnique || item.IsAgain;
        BrokerProperties? given = item.Given;
        if (!isNamed && !item.WantsReceipt && given is null)
        {
            return _plain;
        }

        BasicProperties properties = Address.NewProperties();
        if (given is not null)
        {
            AmqpProperties.AddTo(properties, given);
        }

        string id = item.Id;
        if (item.WantsReceipt)
        {
            AmqpProperties.ExpectAnswer(properties, ReplyQueue, id);
        }

        if (isNamed)
        {
            properties.MessageId ??= id;
        }

        if (item.IsAgain)
        {
            AmqpProperties.SetHeader(properties, Headers.Again, true);
        }

        return properties;
    }

    private static Task OnConfirmed(
        BrokerSession session, PublishWindow<Outgoing> window, Link link, ulong number, bool isMultiple)
    {
        // A message that came back is confirmed, too. It stays here, with all later ones, for the next session.
        if (session.End is null)
        {
            List<Outgoing> taken = window.Take(number, isMultiple, out int done);
            foreach (Outgoing item in taken)
            {
                if (!item.WantsReceipt)
                {
                    item.Release();
                }
            }

            link.LinkReceiver.Release(done);
        }

        return Task.CompletedTask;
    }

    /// <summary>The queue has gone: an administrator deleted it, or it was idle for too long.</summary>
    private Task OnReturned(BrokerSession session, BasicReturnEventArgs returned)
    {
        string what = $"the broker has no queue '{returned.RoutingKey}' any more";
        if (returned.BasicProperties is { ReplyTo: not null, CorrelationId: { } id })
        {
            Settle(id, ReceiptStatus.NotDelivered, what);
        }
        else
        {
            // The next session declares the queue again.
            session.Fail(new FairleadException(ErrorCode.Unavailable, what));
        }

        return Task.CompletedTask;
    }

    /// <summary>Reports the outcome of a message to the sender that waits for it. Does nothing if it was reported before.</summary>
    private void Settle(string id, ReceiptStatus status, string? reason)
    {
        if (_awaited.TryRemove(id, out Outgoing? item))
        {
            item.Answer(status, reason);
        }
    }

    /// <summary>A message on its way to the broker.</summary>
    private sealed class Outgoing(SendingBridge bridge, Message message, long number)
    {
        private CancellationTokenRegistration _watch;

        // Set by the first of two: the client has read the memory, or the sender has given up. The second releases the message.
        private bool _isLetGo;

        /// <summary>Its place in the order of all messages of this sender.</summary>
        public long Number => number;

        public string Id => string.Create(CultureInfo.InvariantCulture, $"{bridge._sender}-{number}");

        public bool WantsReceipt { get; } = message.WantsReceipt;

        /// <summary>Whether it may have been stored before.</summary>
        public bool IsAgain { get; set; }

        public ReadOnlyMemory<byte> Body => message.Memory;

        /// <summary>The properties that its sender has given; null: none.</summary>
        public BrokerProperties? Given => AmqpProperties.GivenTo(message.Core.Head);

        /// <summary>The bytes of the body, also when the message has been disposed.</summary>
        public int Length { get; } = message.Length;

        /// <summary>Expects the receipt, until the sender gives up.</summary>
        public void Await()
        {
            bridge._awaited[Id] = this;
            _watch = message.CancellationToken.UnsafeRegister(
                static state => ((Outgoing)state!).GiveUp(), this);
        }

        public void Answer(ReceiptStatus status, string? reason)
        {
            _watch.Dispose();
            message.AnswerUnlessDisposed(status, reason);
            message.Dispose();
        }

        public void Release() => message.Dispose();

        /// <summary>The client does not read the memory any more.</summary>
        public void EndPublishing()
        {
            if (WantsReceipt)
            {
                LetGo();
            }
        }

        private void GiveUp()
        {
            if (bridge._awaited.TryRemove(Id, out _))
            {
                LetGo();
            }
        }

        private void LetGo()
        {
            if (Interlocked.Exchange(ref _isLetGo, true))
            {
                message.Dispose();
            }
        }
    }

    private sealed class ReceiptConsumer(IChannel channel, SendingBridge bridge) : AsyncDefaultBasicConsumer(channel)
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
                ReceiptStatus status = body.IsEmpty ? ReceiptStatus.Accepted : (ReceiptStatus)body.Span[0];
                bridge.Settle(id, status, body.Length > 1 ? Encoding.UTF8.GetString(body.Span[1..]) : null);
            }

            return Task.CompletedTask;
        }
    }
}
