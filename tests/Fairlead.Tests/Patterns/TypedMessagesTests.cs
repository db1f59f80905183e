using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairlead.Tests.Patterns;

public sealed partial class TypedMessagesTests
{
    [Fact]
    public async Task A_value_travels_as_json()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < 3; i++)
        {
            await sender.SendAsync(new Order("bolts", i), OrderJson.Default.Order);
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(new Order("bolts", i), message.Read(OrderJson.Default.Order));
        }
    }

    [Fact]
    public void Json_escapes_what_the_encoder_of_its_options_escapes()
    {
        using Receiver receiver = Receiver.Bind($"inproc://typed-{Guid.NewGuid():N}");
        using Sender sender = Sender.Connect(receiver.Address);
        OrderJson relaxed = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        for (int i = 0; i < 2; i++)
        {
            // In turn on one thread, which keeps a writer.
            sender.Send(new Order("blå", i), relaxed.Order);
            sender.Send(new Order("blå", i), OrderJson.Default.Order);
            using Message plain = receiver.Receive();
            using Message escaped = receiver.Receive();
            Assert.Equal($$"""{"What":"blå","Count":{{i}}}""", plain.Text);
            Assert.Equal($$"""{"What":"bl\u00E5","Count":{{i}}}""", escaped.Text);
        }
    }

    [Fact]
    public async Task A_value_travels_by_a_serializer_of_the_users_in_every_pattern()
    {
        Fixed fixedLength = new();
        await using Responder responder = await Responder.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        ValueTask<Message> asking = requester.RequestAsync(20L, fixedLength);
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.True(request.Reply(request.Read(fixedLength) + 1, fixedLength));
        }

        using (Message reply = await asking)
        {
            Assert.Equal((21L, 8), (reply.Read(fixedLength), reply.Length));
        }

        await using Publisher publisher = await Publisher.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address);
        Assert.Equal(1, publisher.Publish("prices", 7L, fixedLength));
        using Message published = await subscriber.ReceiveAsync();
        Assert.Equal(7L, published.Read(fixedLength));
    }

    [Fact]
    public async Task A_value_travels_as_json_in_every_pattern()
    {
        await using Responder responder = await Responder.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        ValueTask<Message> asking = requester.RequestAsync(new Order("nuts", 1), OrderJson.Default.Order);
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.Equal("""{"What":"nuts","Count":1}""", request.Text);
            Assert.True(request.Reply(request.Read(OrderJson.Default.Order)! with { Count = 2 }, OrderJson.Default.Order));
        }

        using (Message reply = await asking)
        {
            Assert.Equal(new Order("nuts", 2), reply.Read(OrderJson.Default.Order));
        }

        await using Publisher publisher = await Publisher.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address);
        Assert.Equal(1, publisher.Publish("orders", new Order("nuts", 3), OrderJson.Default.Order));
        using Message published = await subscriber.ReceiveAsync();
        Assert.Equal(("orders", new Order("nuts", 3)), (published.Topic, published.Read(OrderJson.Default.Order)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_value_travels_between_the_ends_of_a_pair_and_to_one_or_all_of_a_hub(bool isJson)
    {
        Fixed fixedLength = new();
        async Task ReadsAsync(Pair pair, int count)
        {
            using Message message = await pair.ReceiveAsync();
            if (isJson)
            {
                Assert.Equal(new Order("hub", count), message.Read(OrderJson.Default.Order));
            }
            else
            {
                Assert.Equal(count, message.Read(fixedLength));
            }
        }

        await using Hub hub = await Hub.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        ValueTask<int> BroadcastAsync(int count, HubClient? except) => isJson
            ? hub.BroadcastAsync(new Order("hub", count), OrderJson.Default.Order, except)
            : hub.BroadcastAsync(count, fixedLength, except);

        await using Pair one = await Pair.ConnectAsync(hub.Address);
        HubClient client = Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client;
        await using Pair other = await Pair.ConnectAsync(hub.Address);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        await (isJson ? hub.SendAsync(client, new Order("hub", 1), OrderJson.Default.Order) : hub.SendAsync(client, 1L, fixedLength));
        Assert.Equal(2, await BroadcastAsync(2, null));
        Assert.Equal(1, await BroadcastAsync(3, client));
        await ReadsAsync(one, 1);
        await ReadsAsync(one, 2);
        await ReadsAsync(other, 2);
        await ReadsAsync(other, 3);
        Assert.False(one.TryReceive(out _));

        await using Pair bound = await Pair.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Pair connected = await Pair.ConnectAsync(bound.Address);
        await (isJson ? connected.SendAsync(new Order("hub", 4), OrderJson.Default.Order) : connected.SendAsync(4L, fixedLength));
        await ReadsAsync(bound, 4);
        await (isJson ? bound.SendAsync(new Order("hub", 5), OrderJson.Default.Order) : bound.SendAsync(5L, fixedLength));
        await ReadsAsync(connected, 5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_survey_carries_a_value(bool isJson)
    {
        Fixed fixedLength = new();
        await using Responder responder = await Responder.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        IAsyncEnumerable<SurveyReply> asking = isJson
            ? requester.SurveyAsync(new Order("all", 6), OrderJson.Default.Order, Timeout.InfiniteTimeSpan)
            : requester.SurveyAsync(6L, fixedLength, Timeout.InfiniteTimeSpan);
        await using IAsyncEnumerator<SurveyReply> replies = asking.GetAsyncEnumerator();
        ValueTask<bool> next = replies.MoveNextAsync();
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.Equal(6, isJson ? request.Read(OrderJson.Default.Order)!.Count : request.Read(fixedLength));
            request.Reply(7L, fixedLength);
        }

        Assert.True(await next);
        Assert.Equal(7L, replies.Current.Message.Read(fixedLength));
        Assert.False(await replies.MoveNextAsync());
    }

    [Fact]
    public async Task A_serializer_that_throws_sends_nothing_and_later_values_arrive()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);

        await Assert.ThrowsAsync<FormatException>(async () => await sender.SendAsync(-1L, new Fixed()));
        await sender.SendAsync(1L, new Fixed());

        using Message message = await receiver.ReceiveAsync();
        Assert.Equal(1L, message.Read(new Fixed()));
        Assert.False(receiver.TryReceive(out _));
    }

    [Fact]
    public async Task A_handler_receives_a_value_and_returns_a_value()
    {
        await using Responder responder = await Responder.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        Task running = responder.RunAsync(
            OrderJson.Default.Order,
            OrderJson.Default.Order,
            (order, _) => order.Count > 0
                ? new ValueTask<Order>(order with { Count = order.Count * 2 })
                : throw new ArgumentException("none were ordered"));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        using (Message reply = await requester.RequestAsync(new Order("bolts", 3), OrderJson.Default.Order))
        {
            Assert.Equal(new Order("bolts", 6), reply.Read(OrderJson.Default.Order));
        }

        Assert.Equal(
            (ErrorCode.Failed, "the handler threw ArgumentException; only its own side sees the message"),
            await FailureAsync("""{"What":"bolts","Count":0}"""));
        (ErrorCode code, string text) = await FailureAsync("no order");
        Assert.Equal(ErrorCode.Corrupt, code);
        Assert.StartsWith("the request is not of type Order: ", text, StringComparison.Ordinal);
        Assert.Equal((ErrorCode.Corrupt, "the request is null, and not of type Order"), await FailureAsync("null"));

        // None of these has ended the run.
        using (Message reply = await requester.RequestAsync(new Order("nuts", 1), OrderJson.Default.Order))
        {
            Assert.Equal(2, reply.Read(OrderJson.Default.Order)!.Count);
        }

        await responder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);

        async Task<(ErrorCode Code, string Text)> FailureAsync(string question)
        {
            FairleadException problem = await Assert.ThrowsAsync<FairleadException>(
                async () => await requester.RequestAsync(Encoding.UTF8.GetBytes(question)));
            return (problem.Code, problem.WhatHappened);
        }
    }

    [Fact]
    public async Task A_handler_receives_and_returns_values_of_the_users_serializers()
    {
        Fixed fixedLength = new();
        await using Responder responder = await Responder.BindAsync(
            $"inproc://typed-{Guid.NewGuid():N}", new() { ErrorDetails = ErrorDetails.Message });
        Task running = responder.RunAsync(fixedLength, fixedLength, (number, _) => new ValueTask<long>(number - 5));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        using (Message reply = await requester.RequestAsync(7L, fixedLength))
        {
            Assert.Equal(2L, reply.Read(fixedLength));
        }

        FairleadException problem = await Assert.ThrowsAsync<FairleadException>(async () => await requester.RequestAsync(4L, fixedLength));
        Assert.Equal((ErrorCode.Failed, "negative"), (problem.Code, problem.WhatHappened));
        await responder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    internal sealed record Order(string What, int Count);

    [JsonSerializable(typeof(Order))]
    internal sealed partial class OrderJson : JsonSerializerContext;

    private sealed class Fixed : IMessageSerializer<long>
    {
        public void Serialize(long value, IBufferWriter<byte> destination)
        {
            BinaryPrimitives.WriteInt64BigEndian(destination.GetSpan(8), value);
            destination.Advance(8);
            if (value < 0)
            {
                throw new FormatException("negative");
            }
        }

        public long Deserialize(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadInt64BigEndian(source);
    }
}
