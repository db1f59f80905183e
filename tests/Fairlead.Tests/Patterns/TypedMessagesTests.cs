using System.Buffers;
using System.Buffers.Binary;
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
    public async Task A_serializer_that_fails_sends_nothing_and_harms_nothing()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://typed-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);

        await Assert.ThrowsAsync<FormatException>(async () => await sender.SendAsync(-1L, new Fixed()));
        await sender.SendAsync(1L, new Fixed());

        using Message message = await receiver.ReceiveAsync();
        Assert.Equal(1L, message.Read(new Fixed()));
        Assert.False(receiver.TryReceive(out _));
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
