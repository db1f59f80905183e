using System.Buffers;
using System.Text.Json.Serialization;
using System.Threading.Channels;

namespace Fairlead.Tests.Patterns;

/// <summary>Fairlead's endpoints as the ends of channels, and as observables.</summary>
public sealed partial class AdapterTests
{
    private readonly string _place = $"unix://adapter-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_channel_reader_receives_the_values_of_a_channel_writer()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place, new() { MaxUnreadMessages = 4 });
        await using Sender sender = await Sender.ConnectAsync(_place);
        ChannelWriter<int> writer = sender.AsChannelWriter(NumberJson.Default.Int32);
        ChannelReader<int> reader = receiver.AsChannelReader(message => message.Read(NumberJson.Default.Int32));
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                if (i % 2 == 0)
                {
                    await writer.WriteAsync(i);
                    continue;
                }

                while (!writer.TryWrite(i))
                {
                    Assert.True(await writer.WaitToWriteAsync());
                }
            }
        });
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(i, await reader.ReadAsync());
        }

        await writing;
        writer.Complete();
        Assert.False(writer.TryWrite(1));
        Assert.False(await writer.WaitToWriteAsync());
        await Assert.ThrowsAsync<ChannelClosedException>(async () => await writer.WriteAsync(1));
    }

    [Fact]
    public async Task A_channel_writer_accepts_one_value_beyond_the_capacity_and_then_waits()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place, new() { MaxUnreadMessages = 1 });
        await using Sender sender = await Sender.ConnectAsync(_place);
        ChannelWriter<int> writer = sender.AsChannelWriter(NumberJson.Default.Int32);
        int taken = 0;
        while (writer.TryWrite(taken))
        {
            taken++;
            Assert.InRange(taken, 1, 100);
        }

        ValueTask<bool> room = writer.WaitToWriteAsync();
        for (int i = 0; i < taken; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(i, message.Read(NumberJson.Default.Int32));
        }

        Assert.True(await room);
    }

    [Fact]
    public async Task A_writer_of_a_publisher_reaches_the_subscribers_of_its_topic()
    {
        await using Publisher publisher = await Publisher.BindAsync(_place);
        await using Subscriber subscriber = await Subscriber.ConnectAsync(_place, "numbers");
        await publisher.WaitForSubscribersAsync("numbers", 1);
        ChannelWriter<int> writer = publisher.AsChannelWriter("numbers", NumberJson.Default.Int32);
        ChannelReader<int> reader = subscriber.AsChannelReader(message => message.Read(NumberJson.Default.Int32));
        Assert.True(writer.TryWrite(1));
        Assert.True(await writer.WaitToWriteAsync());
        await writer.WriteAsync(2);
        Assert.Equal((1, 2), (await reader.ReadAsync(), await reader.ReadAsync()));
        Assert.Throws<ArgumentException>(() => publisher.AsChannelWriter("no topic", NumberJson.Default.Int32));
        await publisher.DisposeAsync();
        Assert.False(writer.TryWrite(3));
        await Assert.ThrowsAnyAsync<Exception>(async () => await writer.WriteAsync(3));
    }

    [Fact]
    public async Task The_end_of_the_peer_reaches_both_halves()
    {
        await using Pair bound = await Pair.BindAsync(_place);
        await using Pair pair = await Pair.ConnectAsync(_place);
        ChannelReader<string> reader = pair.AsChannelReader(message => message.Text);
        ChannelWriter<int> writer = pair.AsChannelWriter(NumberJson.Default.Int32);
        await bound.SendAsync("last");
        await bound.CloseAsync();
        Assert.Equal("last", await reader.ReadAsync());
        Assert.False(await reader.WaitToReadAsync());
        await reader.Completion;
        Assert.False(writer.TryWrite(1));
        await Assert.ThrowsAsync<FairleadException>(async () => await writer.WaitToWriteAsync());
        await Assert.ThrowsAsync<FairleadException>(async () => await writer.WriteAsync(1));
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_completes_the_reader_with_the_error()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place);
        await using Sender sender = await Sender.ConnectAsync(_place);
        ChannelReader<int> reader = receiver.AsChannelReader(message => message.Read(NumberJson.Default.Int32));
        Delivery delivery = await sender.DeliverAsync("no number", TimeSpan.FromSeconds(60));
        Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
        await Assert.ThrowsAsync<System.Text.Json.JsonException>(() => reader.Completion);
    }

    [Fact]
    public async Task A_value_that_cannot_be_sent_fails_alone()
    {
        await using Publisher publisher = await Publisher.BindAsync(_place);
        ChannelWriter<int> writer = publisher.AsChannelWriter("numbers", new Unlucky());
        Assert.False(writer.TryWrite(13));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.WaitToWriteAsync());
        await writer.WriteAsync(14);
        Assert.False(writer.TryWrite(13));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.WriteAsync(14));
        Assert.True(writer.TryWrite(15));
    }

    [Fact]
    public async Task A_cancelled_reader_returns_the_message_that_it_was_reading()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place);
        await using Sender sender = await Sender.ConnectAsync(_place);
        using CancellationTokenSource stop = new();
        TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ChannelReader<string> reader = receiver.AsChannelReader(
            message =>
            {
                if (message.Text == "second")
                {
                    read.SetResult();
                }

                return message.Text;
            },
            stop.Token);
        Assert.True((await sender.DeliverAsync("first")).IsDelivered);
        ValueTask<Delivery> second = sender.DeliverAsync("second");
        await read.Task;
        await stop.CancelAsync();
        Assert.Equal(DeliveryStatus.NotDelivered, (await second).Status);
        Assert.Equal("first", await reader.ReadAsync(CancellationToken.None));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.Completion);
    }

    [Fact]
    public async Task Observers_get_each_value_and_the_end()
    {
        await using Publisher publisher = await Publisher.BindAsync(_place);
        await using Subscriber subscriber = await Subscriber.ConnectAsync(_place);
        IObservable<string> observable = subscriber.AsObservable(message => message.Text);
        Recorder first = new();
        Recorder second = new();
        Recorder failing = new() { FailsAt = "2" };
        using IDisposable one = observable.Subscribe(first);
        using IDisposable two = observable.Subscribe(second);
        using IDisposable three = observable.Subscribe(failing);
        while (publisher.Publish("t", "0") == 0)
        {
            await Task.Yield();
        }

        for (int i = 1; i < 5; i++)
        {
            publisher.Publish("t", $"{i}");
        }

        await publisher.CloseAsync();
        Assert.Equal("completed", await first.Ended);
        Assert.Equal("completed", await second.Ended);
        Assert.Equal("InvalidOperationException", await failing.Ended);
        Assert.Equal(["0", "1", "2", "3", "4"], first.Values);
        Assert.Equal(first.Values, second.Values);
        Assert.Equal(["0", "1"], failing.Values);
    }

    [Fact]
    public async Task An_observable_receives_while_it_is_observed()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place);
        await using Sender sender = await Sender.ConnectAsync(_place);
        IObservable<string> observable = receiver.AsObservable(message => message.Text);
        for (int round = 0; round < 20; round++)
        {
            Recorder recorder = new();
            using (observable.Subscribe(recorder))
            {
                Delivery delivery = await sender.DeliverAsync($"{round}", TimeSpan.FromSeconds(60));
                Assert.True(delivery.IsDelivered, delivery.ToString());
            }

            Assert.Equal([$"{round}"], recorder.Values);
        }

        Assert.False((await sender.DeliverAsync("nobody", TimeSpan.FromMilliseconds(20))).IsDelivered);
    }

    [Fact]
    public async Task A_value_that_no_observer_has_seen_is_not_accepted()
    {
        await using Receiver receiver = await Receiver.BindAsync(_place);
        await using Sender sender = await Sender.ConnectAsync(_place);
        Recorder recorder = new();
        IDisposable? subscription = null;
        IObservable<string> observable = receiver.AsObservable(message =>
        {
            // The last observer leaves while the value is on its way to it.
            subscription?.Dispose();
            return message.Text;
        });
        subscription = observable.Subscribe(recorder);
        Assert.Equal(DeliveryStatus.NotDelivered, (await sender.DeliverAsync("unseen")).Status);
        Assert.Empty(recorder.Values);
        subscription = null;
        using (observable.Subscribe(recorder))
        {
            Assert.True((await sender.DeliverAsync("seen")).IsDelivered);
        }

        Assert.Equal(["seen"], recorder.Values);
    }

    private sealed class Recorder : IObserver<string>
    {
        private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Values { get; } = [];

        public string? FailsAt { get; init; }

        public Task<string> Ended => _ended.Task;

        public void OnNext(string value)
        {
            if (value == FailsAt)
            {
                throw new InvalidOperationException(value);
            }

            Values.Add(value);
        }

        public void OnCompleted() => _ended.SetResult("completed");

        public void OnError(Exception error) => _ended.SetResult(error.GetType().Name);
    }

    /// <summary>Writes every number but 13.</summary>
    private sealed class Unlucky : IMessageSerializer<int>
    {
        public void Serialize(int value, IBufferWriter<byte> destination) =>
            destination.Write(value == 13 ? throw new InvalidOperationException("13") : BitConverter.GetBytes(value));

        public int Deserialize(ReadOnlySpan<byte> source) => BitConverter.ToInt32(source);
    }

    [JsonSerializable(typeof(int))]
    private sealed partial class NumberJson : JsonSerializerContext;
}
