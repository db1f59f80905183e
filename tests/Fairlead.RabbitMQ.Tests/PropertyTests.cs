using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>The properties of messages, between Fairlead's ends and with other programs.</summary>
public sealed class PropertyTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly BrokerProperties All = new()
    {
        ContentType = "application/json",
        MessageId = "order-7",
        CorrelationId = "visit-1",
        TimeToLive = TimeSpan.FromMinutes(10),
        Priority = 3,
        Headers = new Dictionary<string, object>
        {
            ["tenant"] = "blüten",
            ["version"] = 7L,
            ["urgent"] = true,
            ["digest"] = new byte[] { 0, 255, 254 },
            ["empty"] = "",
        },
    };

    [BrokerTheory]
    [InlineData("")]
    [InlineData("&durable=true&unique=true")]
    public async Task A_receiver_gets_the_properties_of_a_send_and_of_a_delivery(string options)
    {
        Address address = Broker.NewAddress(options);
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        await sender.SendAsync("sent"u8, All);
        await AcceptAsync(receiver, "sent", All);
        Task<Delivery> delivery = sender.DeliverAsync("delivered"u8, All with { MessageId = "order-8" }, Patience).AsTask();
        await AcceptAsync(receiver, "delivered", All with { MessageId = "order-8" });
        Assert.True((await delivery).IsDelivered);
        await sender.SendAsync("without"u8.ToArray());
        using Message without = await receiver.ReceiveAsync(Patience);
        AssertEqual(new BrokerProperties { MessageId = without.BrokerProperties().MessageId }, without.BrokerProperties());
        Assert.Equal(options.Length > 0, without.BrokerProperties().MessageId is not null);
    }

    [BrokerFact]
    public async Task Blocking_sends_carry_properties()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        sender.Send("sent"u8, All, Patience);
        await AcceptAsync(receiver, "sent", All);
        Task<Delivery> delivery = Task.Run(() => sender.Deliver("delivered"u8, All, Patience));
        await AcceptAsync(receiver, "delivered", All);
        Assert.True((await delivery).IsDelivered);
    }

    [BrokerFact]
    public async Task A_subscriber_and_a_responder_get_the_properties()
    {
        Address topics = Broker.NewAddress();
        await using Subscriber subscriber = await Subscriber.ConnectAsync(topics, ">");
        await using Publisher publisher = await Publisher.BindAsync(topics);
        Assert.Equal(1, publisher.Publish("news.one", "first"u8, All));
        Assert.Equal(1, await publisher.PublishAsync("news.two", "second"u8, All));
        foreach (string topic in (string[])["news.one", "news.two"])
        {
            using Message message = await subscriber.ReceiveAsync(Patience);
            Assert.Equal(topic, message.Topic);
            AssertEqual(All, message.BrokerProperties());
        }

        Address requests = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(requests);
        await using Requester requester = await Requester.ConnectAsync(requests);
        BrokerProperties asked = All with { TimeToLive = null };
        Task<Message> asking = requester.RequestAsync("question"u8, asked, new RequestOptions { Timeout = Patience }).AsTask();
        using (Request request = await responder.ReceiveAsync(Patience))
        {
            AssertEqual(asked with { TimeToLive = Patience }, request.BrokerProperties());
            Assert.NotNull(request.Timeout);
            request.Reply("answer"u8);
        }

        using Message answer = await asking;
        Assert.Equal("answer", answer.Text);
        await Assert.ThrowsAsync<ArgumentException>(() => requester.RequestAsync("question"u8, All).AsTask());
    }

    [BrokerFact]
    public async Task Another_program_sees_the_sent_properties()
    {
        Address address = Broker.NewAddress("&ttl=90s&content=text/plain");
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("own"u8, All);
        await sender.SendAsync("of the address");
        Assert.True((await sender.CloseAsync(Patience)).IsComplete);
        await using IConnection other = await ConnectAsync();
        await using IChannel channel = await other.CreateChannelAsync();
        IReadOnlyBasicProperties own = (await channel.BasicGetAsync(address.Option("name")!, autoAck: true))!.BasicProperties;
        Assert.Equal(("application/json", "order-7", "visit-1"), (own.ContentType, own.MessageId, own.CorrelationId));
        Assert.Equal(("600000", 3), (own.Expiration, own.Priority));
        Assert.Equal("blüten", Encoding.UTF8.GetString((byte[])own.Headers!["tenant"]!));
        Assert.Equal(7L, own.Headers["version"]);
        Assert.Equal(true, own.Headers["urgent"]);
        Assert.Equal(new byte[] { 0, 255, 254 }, ((BinaryTableValue)own.Headers["digest"]!).Bytes);
        IReadOnlyBasicProperties usual = (await channel.BasicGetAsync(address.Option("name")!, autoAck: true))!.BasicProperties;
        Assert.Equal(("text/plain", "90000"), (usual.ContentType, usual.Expiration));
    }

    [BrokerFact]
    public async Task Excess_and_unsupported_headers_of_another_program_are_counted_and_omitted()
    {
        Address address = Broker.NewAddress();
        await using Receiver receiver = await Receiver.BindAsync(address);
        Dictionary<string, object?> deep = [];
        for (int level = 0; level < 500; level++)
        {
            deep = new Dictionary<string, object?> { ["t"] = deep };
        }

        Dictionary<string, object?> headers = new()
        {
            ["small"] = (short)-7,
            ["bytes"] = new byte[] { 200, 201 },
            ["ratio"] = 0.5,
            ["deep"] = deep,
            ["list"] = new List<object?> { 1 },
            ["long"] = new string('x', BrokerProperties.MostBytes),
            ["fairlead-again"] = false,
        };
        for (int i = 0; i < BrokerProperties.MostHeaders; i++)
        {
            headers[string.Create(CultureInfo.InvariantCulture, $"n{i}")] = i;
        }

        await using IConnection other = await ConnectAsync();
        await using IChannel channel = await other.CreateChannelAsync();
        BasicProperties foreign = new() { Headers = headers, Expiration = "60000", Type = "order" };
        await channel.BasicPublishAsync("", address.Option("name")!, mandatory: true, foreign, "body"u8.ToArray());
        using Message message = await receiver.ReceiveAsync(Patience);
        BrokerProperties read = message.BrokerProperties();
        Assert.Equal(("body", TimeSpan.FromMinutes(1)), (message.Text, read.TimeToLive));
        Assert.Equal(-7L, read.Headers["small"]);
        Assert.Equal(new byte[] { 200, 201 }, read.Headers["bytes"]);
        Assert.Equal(BrokerProperties.MostHeaders, read.Headers.Count);
        Assert.Equal(4 + 2, read.OmittedHeaders);
    }

    /// <summary>A table in a table, as deep as a frame of 32 KiB can hold, as the page about this transport recommends.</summary>
    [BrokerFact]
    public async Task A_receiver_survives_the_deepest_header_that_fits_the_recommended_frame()
    {
        string settings = Path.GetTempFileName();
        await File.WriteAllTextAsync(settings, "frame_max = 32768\n");
        using BrokerCluster broker = new(settings: settings);
        Address address = broker.Address("deep");
        await using Receiver receiver = await Receiver.BindAsync(address);

        // Each level is a name of one letter, the type, and the length of the table within: 7 bytes.
        Dictionary<string, object?> deep = [];
        for (int level = 0; level < 4_600; level++)
        {
            deep = new Dictionary<string, object?> { ["t"] = deep };
        }

        await using IConnection other = await ConnectAsync(broker.Nodes);
        Assert.Equal(32768u, other.FrameMax);
        await using IChannel channel = await other.CreateChannelAsync();
        await channel.BasicPublishAsync("", "deep", mandatory: true, new BasicProperties { Headers = deep }, "body"u8.ToArray());
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal(("body", 1), (message.Text, message.BrokerProperties().OmittedHeaders));
        message.Accept();

        // A longer header ends the connection of the program that publishes it, and reaches no receiver.
        BasicProperties tooLong = new() { Headers = new Dictionary<string, object?> { ["x"] = new string('x', 40_000) } };
        await channel.BasicPublishAsync("", "deep", mandatory: true, tooLong, "body"u8.ToArray());
        OperationInterruptedException refused = await Assert.ThrowsAnyAsync<OperationInterruptedException>(
            () => channel.QueueDeclarePassiveAsync("deep"));
        Assert.Contains("FRAME", refused.Message, StringComparison.Ordinal);
        File.Delete(settings);
    }

    /// <summary>The correlation identity of the user is not one of a receipt.</summary>
    [BrokerFact]
    public async Task A_message_with_a_correlation_id_reaches_the_queue_after_that_was_deleted()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        await using (IConnection other = await ConnectAsync())
        {
            await using IChannel channel = await other.CreateChannelAsync();
            _ = await channel.QueueDeleteAsync(address.Option("name")!);
        }

        await sender.SendAsync("again"u8, new BrokerProperties { CorrelationId = "visit-1" });
        await using Receiver receiver = await Receiver.BindAsync(address);
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal(("again", "visit-1"), (message.Text, message.BrokerProperties().CorrelationId));
    }

    [BrokerFact]
    public async Task Invalid_properties_are_refused_and_the_sender_continues()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        BrokerProperties[] wrong =
        [
            new() { MessageId = "" },
            new() { ContentType = new string('x', 256) },
            new() { TimeToLive = TimeSpan.Zero },
            new() { TimeToLive = TimeSpan.FromDays(25) },
            With("CC", "x"),
            With("fairlead-again", true),
            With("", "x"),
            With("time", DateTime.UnixEpoch),
        ];
        foreach (BrokerProperties properties in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => sender.SendAsync("no"u8, properties).AsTask());
        }

        BrokerProperties[] tooLong =
        [
            With("long", new string('x', BrokerProperties.MostBytes)),
            new()
            {
                Headers = Enumerable.Range(0, BrokerProperties.MostHeaders + 1).ToDictionary(static i => $"n{i}", static i => (object)i),
            },
        ];
        foreach (BrokerProperties properties in tooLong)
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => sender.SendAsync("no"u8, properties).AsTask());
            Assert.Equal(ErrorCode.TooLarge, refused.Code);
        }

        BrokerProperties longest = With("long", new string('x', BrokerProperties.MostBytes - 16));
        await sender.SendAsync("yes"u8, longest);
        await using Receiver receiver = await Receiver.BindAsync(address);
        await AcceptAsync(receiver, "yes", longest);
    }

    [Fact]
    public async Task An_endpoint_without_a_broker_has_no_properties_and_refuses_them()
    {
        Address address = $"inproc://properties-{Environment.ProcessId}";
        await using Receiver receiver = Receiver.Bind(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => sender.SendAsync("no"u8, All).AsTask());
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        await sender.SendAsync("yes"u8);
        using Message message = await receiver.ReceiveAsync(Patience);
        AssertEqual(new BrokerProperties(), message.BrokerProperties());
    }

    [BrokerFact]
    public async Task A_time_to_live_is_refused_for_calls_and_connections()
    {
        Address address = Broker.NewAddress("&ttl=1s");
        foreach (Func<Task> open in new Func<Task>[]
        {
            () => Requester.ConnectAsync(address).AsTask(),
            () => Responder.BindAsync(address).AsTask(),
            () => Hub.BindAsync(address).AsTask(),
        })
        {
            Assert.Equal(ErrorCode.NotSupported, (await Assert.ThrowsAsync<FairleadException>(open)).Code);
        }
    }

    /// <summary>The bytes do not leave the process, and no sequence of them is trusted all the same.</summary>
    [Fact]
    public void A_truncated_or_changed_field_is_read_without_an_exception()
    {
        byte[] field = PropertiesField.Write(All, BrokerProperties.MostBytes);
        AssertEqual(All, PropertiesField.Read(field));
        for (int length = 0; length < field.Length; length++)
        {
            _ = PropertiesField.Read(field.AsSpan(0, length));
            byte[] changed = [.. field];
            changed[length] ^= 0xFF;
            Assert.InRange(PropertiesField.Read(changed).Headers.Count, 0, BrokerProperties.MostHeaders);
        }
    }

    private static BrokerProperties With(string name, object value) =>
        new() { Headers = new Dictionary<string, object> { [name] = value } };

    private static async Task AcceptAsync(Receiver receiver, string text, BrokerProperties properties)
    {
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal(text, message.Text);
        BrokerProperties read = message.BrokerProperties();
        AssertEqual(properties with { MessageId = properties.MessageId ?? read.MessageId }, read);
        message.Accept();
    }

    private static void AssertEqual(BrokerProperties expected, BrokerProperties actual)
    {
        Assert.Equal(Shown(expected), Shown(actual));
        Assert.Equal(expected, actual with { Headers = expected.Headers });

        static string[] Shown(BrokerProperties properties) =>
        [
            .. properties.Headers
                .Select(static header => $"{header.Key}: {(header.Value is byte[] bytes ? Convert.ToHexString(bytes) : header.Value)}")
                .Order(StringComparer.Ordinal),
        ];
    }

    private static Task<IConnection> ConnectAsync(string? node = null) =>
        new ConnectionFactory { Uri = new Uri($"amqp://{node ?? Broker.Node}/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
