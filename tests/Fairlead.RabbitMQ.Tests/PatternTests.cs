using System.Text;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Every pattern over a broker, as over any other transport.</summary>
public sealed class PatternTests
{
    /// <summary>Ends a hang. A broker on a busy machine takes seconds for a quorum queue.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [BrokerTheory(IsInDefaultRun = true)]
    [InlineData("")]
    [InlineData("&durable=true")]
    public async Task A_message_reaches_its_receiver_whichever_starts_first(string options)
    {
        Address address = Broker.NewAddress(options);
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("one"u8);
        await using Receiver receiver = await Receiver.BindAsync(address);
        await sender.SendAsync("two"u8);
        Assert.Equal("one", await TextAsync(receiver));
        Assert.Equal("two", await TextAsync(receiver));
        CloseReport report = await sender.CloseAsync(Patience);
        Assert.True(report is { NotDelivered: 0, DeadlinePassed: false }, report.ToString());
    }

    [BrokerFact]
    public async Task A_delivery_completes_when_the_receiver_accepts()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        Task<Delivery> delivery = sender.DeliverAsync("one"u8, Patience).AsTask();
        using (Message message = await receiver.ReceiveAsync(Patience))
        {
            Assert.True(message.WantsReceipt);
            Assert.False(delivery.IsCompleted);
            message.Accept();
        }

        Assert.Equal(DeliveryStatus.Delivered, (await delivery).Status);
        delivery = sender.DeliverAsync("two"u8, Patience).AsTask();
        using (Message message = await receiver.ReceiveAsync(Patience))
        {
            message.Reject("no more today");
        }

        Delivery refused = await delivery;
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.Contains("no more today", refused.Reason, StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task A_request_gets_its_reply_and_an_error_its_text()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        Task serving = responder.RunAsync((request, _) => request.Text == "fail"
            ? throw new FairleadException(ErrorCode.TooLarge, "far too much")
            : new ValueTask<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(request.Text.ToUpperInvariant())));
        await using Requester requester = await Requester.ConnectAsync(address);
        Task<string>[] calls = [.. Enumerable.Range(0, 200).Select(i => AskAsync(requester, $"call {i}"))];
        for (int i = 0; i < calls.Length; i++)
        {
            Assert.Equal($"CALL {i}", await calls[i]);
        }

        FairleadException failed = await Assert.ThrowsAsync<FairleadException>(() => AskAsync(requester, "fail"));
        Assert.Equal(ErrorCode.TooLarge, failed.Code);
        Assert.Contains("far too much", failed.Message, StringComparison.Ordinal);
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    [BrokerFact]
    public async Task A_subscriber_gets_matching_messages_as_soon_as_it_has_subscribed()
    {
        Address address = Broker.NewAddress();
        await using Publisher publisher = await Publisher.BindAsync(address);
        await using Subscriber bonds = await Subscriber.ConnectAsync(address, "eu.*.bond");
        await using Subscriber all = await Subscriber.ConnectAsync(address);
        await publisher.WaitForSubscribersAsync("eu", 1, Patience);
        foreach (string topic in new[] { "eu.de.bond", "eu.bond", "us.x.bond", "eu.fr.bond" })
        {
            Assert.Equal(1, await publisher.PublishAsync(topic, Encoding.UTF8.GetBytes(topic)));
        }

        Assert.Equal(["eu.de.bond", "eu.fr.bond"], await TopicsAsync(bonds, 2));
        Assert.Equal(["eu.de.bond", "eu.bond", "us.x.bond", "eu.fr.bond"], await TopicsAsync(all, 4));
        await bonds.SubscribeAsync("us.>");
        await bonds.UnsubscribeAsync("eu.*.bond");
        await publisher.PublishAsync("eu.de.bond", ReadOnlyMemory<byte>.Empty);
        await publisher.PublishAsync("us", ReadOnlyMemory<byte>.Empty);
        await publisher.PublishAsync("us.y", ReadOnlyMemory<byte>.Empty);
        Assert.Equal(["us.y"], await TopicsAsync(bonds, 1));
    }

    /// <summary>The broker matches what <see cref="TopicFilter"/> matches.</summary>
    [BrokerFact]
    public async Task Wildcards_match_as_with_other_transports()
    {
        string[] words = ["a", "b", "a.b", "b.a", "a.b.c", "a.a.a", "b.c.d.e", "a#", "a.#b"];
        string[] patterns = [">", "a", "*", "a.>", "a.*", "*.b", "*.*", "*.*.>", "*.b.>", "a.*.c", "b.>", "a.b.c.>"];
        Address address = Broker.NewAddress();
        await using Publisher publisher = await Publisher.ConnectAsync(address.With("full", "fail"));
        foreach (string pattern in patterns)
        {
            await using Subscriber subscriber = await Subscriber.ConnectAsync(address, $"{pattern},end.of.{patterns.Length}");
            foreach (string topic in words)
            {
                await publisher.PublishAsync(topic, ReadOnlyMemory<byte>.Empty);
            }

            await publisher.PublishAsync($"end.of.{patterns.Length}", ReadOnlyMemory<byte>.Empty);
            string[] expected = [.. words.Where(topic => TopicFilter.Matches(pattern, topic))];
            string[] got = await TopicsAsync(subscriber, expected.Length + 1);
            Assert.Equal([.. expected, $"end.of.{patterns.Length}"], got);
        }
    }

    [BrokerFact]
    public async Task Unsupported_patterns_are_refused_immediately_with_an_alternative()
    {
        Address address = Broker.NewAddress();
        FairleadException queue = Assert.Throws<FairleadException>(() => WorkQueue.Bind(address));
        Assert.Contains("Receivers", queue.Message, StringComparison.Ordinal);
        FairleadException durable = await Assert.ThrowsAsync<FairleadException>(
            () => Requester.ConnectAsync(address.With("durable", "true")).AsTask());
        Assert.Equal(ErrorCode.NotSupported, durable.Code);
        FairleadException framing = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync(address.With("framing", "line")).AsTask());
        Assert.Equal(ErrorCode.NotSupported, framing.Code);
    }

    [BrokerFact]
    public async Task An_error_of_the_broker_has_its_code_and_no_password()
    {
        Address address = Broker.NewAddress();
        await using Receiver receiver = await Receiver.BindAsync(address);
        FairleadException other = Assert.Throws<FairleadException>(() => Receiver.Bind(address.With("durable", "true")));
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        string place = $"{Broker.Node}/?name=x";
        FairleadException user = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"amqp://clerk:se%3Acret@{place}").AsTask());
        Assert.Equal(ErrorCode.PermissionDenied, user.Code);
        Assert.DoesNotContain("cret", user.ToString(), StringComparison.Ordinal);
        FairleadException host = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"amqp://{Broker.Node}/nowhere?name=x").AsTask());
        Assert.Equal(ErrorCode.PermissionDenied, host.Code);
        FairleadException none = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync("amqp://127.0.0.1:1/?name=x").AsTask());
        Assert.Equal(ErrorCode.NotFound, none.Code);
    }

    /// <summary>A rejected message comes again, and goes to the dead letters where there is a limit.</summary>
    [BrokerTheory]
    [InlineData(true, 3)]
    [InlineData(false, 3)]
    public async Task A_message_that_no_receiver_accepts_becomes_a_dead_letter(bool isDurable, int deliveries)
    {
        Address address = Broker.NewAddress($"&deliveries=3&durable={(isDurable ? "true" : "false")}");
        await using Receiver receiver = await Receiver.BindAsync(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("poison"u8.ToArray());
        await sender.SendAsync("good"u8.ToArray());
        int rejected = 0;
        while (true)
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            if (message.Text == "good")
            {
                message.Accept();
                if (rejected >= deliveries)
                {
                    break;
                }

                continue;
            }

            Assert.Equal(rejected > 0, message.Redelivered);
            rejected++;
            message.Reject("cannot be read");
            if (rejected >= deliveries)
            {
                break;
            }
        }

        await using Receiver dead = await DeadLettersAsync(address);
        using Message letter = await dead.ReceiveAsync(Patience);
        Assert.Equal("poison", letter.Text);
        letter.Accept();
    }

    [BrokerFact]
    public async Task A_request_to_a_lost_responder_ends_as_unknown_unless_it_is_idempotent()
    {
        Address address = Broker.NewAddress();
        await using Requester requester = await Requester.ConnectAsync(address);
        Task<Message> once;
        Task<Message> again;
        await using (Responder first = await Responder.BindAsync(address))
        {
            once = requester.RequestAsync("once"u8.ToArray(), 60.Seconds()).AsTask();
            again = requester.RequestAsync("again"u8.ToArray(), new RequestOptions { Idempotent = true, Timeout = 60.Seconds() }).AsTask();
            _ = await first.ReceiveAsync(Patience);
            _ = await first.ReceiveAsync(Patience);
            await first.CloseAsync(TimeSpan.Zero);
        }

        await using Responder second = await Responder.BindAsync(address);
        FairleadException unknown = await Assert.ThrowsAsync<FairleadException>(() => once.WaitAsync(Patience));
        Assert.Equal(ErrorCode.PeerGone, unknown.Code);
        using (Request repeated = await second.ReceiveAsync(Patience))
        {
            Assert.True(repeated is { Idempotent: true, Redelivered: true });
            repeated.Reply("done"u8);
        }

        using Message reply = await again.WaitAsync(Patience);
        Assert.Equal("done", reply.Text);
    }

    /// <summary>A request that lasts keeps none of those behind it from being acknowledged, and so from coming.</summary>
    [BrokerFact]
    public async Task A_slow_request_does_not_delay_later_requests()
    {
        Address address = Broker.NewAddress("&prefetch=4");
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester requester = await Requester.ConnectAsync(address);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource end = new();
        Task serving = responder.RunAsync(
            async (request, _) =>
            {
                if (request.Text == "last")
                {
                    await release.Task;
                }

                return default(ReadOnlyMemory<byte>);
            },
            cancellationToken: end.Token);
        Task<Message> lasting = requester.RequestAsync("last"u8.ToArray(), 60.Seconds()).AsTask();
        for (int i = 0; i < 50; i++)
        {
            using Message reply = await requester.RequestAsync("next"u8.ToArray(), Patience);
        }

        Assert.False(lasting.IsCompleted);
        release.SetResult();
        using Message last = await lasting;
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    private static async Task<Receiver> DeadLettersAsync(Address address)
    {
        string name = address.Option("name")!;
        return await Receiver.ConnectAsync(address.Without("deliveries").With("name", $"{name}.dead"));
    }

    private static async Task<string> TextAsync(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync(Patience);
        message.Accept();
        return message.Text;
    }

    private static async Task<string> AskAsync(Requester requester, string text)
    {
        using Message reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(text), Patience);
        return reply.Text;
    }

    private static async Task<string[]> TopicsAsync(Subscriber subscriber, int count)
    {
        List<string> topics = [];
        while (topics.Count < count)
        {
            using Message message = await subscriber.ReceiveAsync(Patience);
            topics.Add(message.Topic);
        }

        return [.. topics];
    }
}
