using System.Text.Json.Serialization;
using System.Threading.Channels;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/values.md</summary>
public sealed partial class ValueSnippets
{
    [Fact]
    public async Task A_struct_is_its_own_message()
    {
        await using var publisher = await Publisher.BindAsync("shm://ticks");
        await using var subscriber = await Subscriber.ConnectAsync("shm://ticks", "eu.>");
        while (publisher.Publish("eu.ready", "") == 0)
        {
            await Task.Yield();
        }

        subscriber.Receive(10.Seconds()).Dispose();
        Tick tick = new(101.25, 40);
        publisher.Publish("eu.bond.10y", in tick);

        using Message message = subscriber.Receive(10.Seconds());
        Read(message);

        static void Read(Message message)
        {
            ref readonly Tick received = ref message.Value<Tick>();
            Assert.Equal(101.25, received.Price);
        }
    }

    [Fact]
    public async Task Requests_and_replies_are_typed_values()
    {
        using CancellationTokenSource stop = new();
        CancellationToken cancellationToken = stop.Token;
        await using var responder = await Responder.BindAsync("unix://adder");
        Task serving = responder.RunAsync<Operands, long>(
            (operands, context) => ValueTask.FromResult((long)operands.Left + operands.Right),
            cancellationToken: cancellationToken);
        await using var requester = await Requester.ConnectAsync("unix://adder");
        long sum = await requester.RequestAsync<Operands, long>(new(2, 3), timeout: 10.Seconds());
        Assert.Equal(5, sum);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task Text_and_JSON_are_sent_as_values()
    {
        await using var receiver = await Receiver.BindAsync("unix://inbox");
        await using var sender = await Sender.ConnectAsync("unix://inbox");
        await sender.SendAsync("hello");
        await sender.SendAsync(new Parcel("books", 3), ParcelJson.Default.Parcel);
        using (Message text = await receiver.ReceiveAsync())
        {
            Assert.Equal("hello", text.Text);
        }

        using Message json = await receiver.ReceiveAsync();
        Assert.Equal(new Parcel("books", 3), json.Read(ParcelJson.Default.Parcel));
    }

    [Fact]
    public async Task Endpoints_are_usable_as_channels()
    {
        await using var receiver = await Receiver.BindAsync("unix://parcels");
        await using var sender = await Sender.ConnectAsync("unix://parcels");
        ChannelWriter<Parcel> writer = sender.AsChannelWriter(ParcelJson.Default.Parcel);
        ChannelReader<Parcel?> reader = receiver.AsChannelReader(message => message.Read(ParcelJson.Default.Parcel));
        await writer.WriteAsync(new Parcel("books", 3));
        Parcel? parcel = await reader.ReadAsync();
        Assert.Equal(new Parcel("books", 3), parcel);
    }

    private readonly record struct Tick(double Price, long Volume);

    private readonly record struct Operands(int Left, int Right);

    private sealed record Parcel(string What, int Count);

    [JsonSerializable(typeof(Parcel))]
    private sealed partial class ParcelJson : JsonSerializerContext;
}
