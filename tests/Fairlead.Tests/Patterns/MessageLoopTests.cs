namespace Fairlead.Tests.Patterns;

/// <summary>Loops over messages that have already arrived, and are handed out immediately.</summary>
public sealed class MessageLoopTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Many = 20;

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task A_cancelled_loop_ends_although_messages_are_unread(string scheme)
    {
        Receiver receiver = await FilledAsync(scheme);
        using CancellationTokenSource enough = new();
        int taken = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Message message in receiver.ReceiveAllAsync(enough.Token))
            {
                if (++taken == 3)
                {
                    await enough.CancelAsync();
                }
            }
        });
        Assert.Equal(3, taken);

        // The others are still there, for the next loop.
        Assert.Equal(Payload.Check((await receiver.ReceiveAsync()).Span).Number, taken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Either_token_ends_a_loop(bool first)
    {
        Receiver receiver = await FilledAsync("shm");
        using CancellationTokenSource one = new();
        using CancellationTokenSource other = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Message message in receiver.ReceiveAllAsync(one.Token).WithCancellation(other.Token))
            {
                await (first ? one : other).CancelAsync();
            }
        });
    }

    [Fact]
    public async Task A_loop_that_has_ended_returns_no_more_messages()
    {
        Address place = $"inproc://loop-{Guid.NewGuid():N}";
        Sender sender = Track(Sender.Bind(place));
        Receiver receiver = Track(await Receiver.ConnectAsync(place));
        await sender.SendAsync("last"u8);
        Task<CloseReport> closing = sender.CloseAsync(TimeSpan.FromMinutes(1)).AsTask();
        await using IAsyncEnumerator<Message> loop = receiver.ReceiveAllAsync().GetAsyncEnumerator();
        Assert.True(await loop.MoveNextAsync());
        Assert.Equal("last", loop.Current.Text);
        Assert.False(await loop.MoveNextAsync());
        Assert.False(await loop.MoveNextAsync());
        Assert.Throws<ObjectDisposedException>(() => loop.Current.Text);
        Assert.True((await closing).IsComplete);
    }

    [Fact]
    public async Task A_repeated_topic_is_the_same_string()
    {
        Publisher publisher = Track(Publisher.Bind($"inproc://loop-{Guid.NewGuid():N}"));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, ">"));
        List<string> topics = [];
        foreach (string topic in (string[])["eu.bond", "us.bond", "eu.bond", "eu", "us.bond"])
        {
            publisher.Publish(topic, "1"u8);
            using Message message = subscriber.Receive();
            topics.Add(message.Topic);
        }

        Assert.Equal(["eu.bond", "us.bond", "eu.bond", "eu", "us.bond"], topics);
        Assert.Same(topics[0], topics[2]);
        Assert.Same(topics[1], topics[4]);
    }

    /// <summary>Opens a receiver at which all messages have arrived.</summary>
    private async Task<Receiver> FilledAsync(string scheme)
    {
        Receiver receiver = Track(Receiver.Bind($"{scheme}://loop-{Guid.NewGuid():N}"));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        for (int i = 0; i < Many; i++)
        {
            await sender.SendAsync(Payload.Make(i, 20).AsMemory());
        }

        await sender.FlushAsync();
        return receiver;
    }
}
