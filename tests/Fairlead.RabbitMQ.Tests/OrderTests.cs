using System.Globalization;
using System.Text;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>The order of messages that were under way when the connection to the broker was lost.</summary>
[Collection(PausedBroker.Name)]
public sealed class OrderTests(PausedBroker paused)
{
    private const int Sent = 400;
    private const int Prefetch = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>
    /// The window of the receiver is full, so most of the fetched messages wait before it. They go back with the lost session like those in
    /// the window: otherwise they would overtake what the broker delivers again.
    /// </summary>
    [BrokerTheory]
    [InlineData(8)]
    [InlineData(Prefetch)]
    public async Task Fetched_messages_are_delivered_again_in_order(int window)
    {
        Address address = paused.Node.Address($"fetched{window}", "&durable=true&unique=true&single=true");
        await using Receiver receiver = await Receiver.ConnectAsync(
            address.With("prefetch", $"{Prefetch}").With("messages", $"{window}"));
        await using Sender sender = await Sender.ConnectAsync(address);
        for (int i = 0; i < Sent; i++)
        {
            Assert.Equal(SendResult.Sent, sender.TrySend(Encoding.UTF8.GetBytes($"{i}")));
        }

        await sender.FlushAsync(Patience);
        Assert.Equal(0, await NextAsync(receiver));
        await UntilFetchedAsync($"fetched{window}", Prefetch);
        paused.Node.Control("close_all_connections", "test");
        for (int i = 1; i < Sent; i++)
        {
            Assert.Equal(i, await NextAsync(receiver));
        }
    }

    /// <summary>Unconfirmed messages are published again, in order, and one receiver at a time gets them.</summary>
    [BrokerFact]
    public async Task Two_receivers_of_a_single_consumer_queue_see_the_order_of_the_sender()
    {
        Address address = paused.Node.Address("in-turn", "&durable=true&unique=true&single=true");
        await using Receiver one = await Receiver.ConnectAsync(address);
        await using Receiver other = await Receiver.ConnectAsync(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        using CancellationTokenSource end = new(Patience);
        Lock gate = new();
        List<int> first = [];
        TaskCompletionSource quarter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] reading = [ReadAsync(one), ReadAsync(other)];
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Sent; i++)
            {
                Assert.Equal(SendResult.Sent, sender.TrySend(Encoding.UTF8.GetBytes($"{i}")));

                // Not all at the beginning, so that some are unconfirmed whenever the connection is lost.
                if (i % 16 == 15)
                {
                    await sender.FlushAsync(Patience, end.Token);
                }
            }

            await sender.FlushAsync(Patience, end.Token);
        });
        await quarter.Task.WaitAsync(Patience);
        paused.Node.Control("close_all_connections", "test");
        await sending;
        await all.Task.WaitAsync(Patience);
        await end.CancelAsync();
        await Task.WhenAll(reading);
        Assert.Equal(Enumerable.Range(0, Sent), first);

        async Task ReadAsync(Receiver receiver)
        {
            HashSet<int> own = [];
            try
            {
                while (true)
                {
                    using Message message = await receiver.ReceiveAsync(null, end.Token);
                    int number = int.Parse(message.Text, CultureInfo.InvariantCulture);
                    Assert.True(own.Add(number), $"{number} came twice to one receiver");
                    lock (gate)
                    {
                        if (!first.Contains(number))
                        {
                            first.Add(number);
                        }

                        if (first.Count == Sent / 4)
                        {
                            quarter.TrySetResult();
                        }

                        if (first.Count == Sent)
                        {
                            all.TrySetResult();
                        }
                    }

                    message.Accept();
                }
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // All have come.
            }
        }
    }

    /// <summary>Only what is answered is waited for, and all of that.</summary>
    [Fact]
    public async Task Closing_waits_for_outcomes_not_yet_noted_and_not_for_unanswered_messages()
    {
        Bridges.HandedOut handedOut = new();
        for (int i = 0; i < 3; i++)
        {
            handedOut.Add();
        }

        int unanswered = 1;
        Task noted = handedOut.AwaitNotedAsync(() => unanswered, CancellationToken.None);
        handedOut.Remove();
        Assert.False(noted.IsCompleted);
        handedOut.Remove();
        await noted.WaitAsync(Patience);
    }

    private static async Task<int> NextAsync(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync(Patience);
        message.Accept();
        return int.Parse(message.Text, CultureInfo.InvariantCulture);
    }

    /// <summary>Completes when the broker has sent as many messages as the receiver may have unaccepted.</summary>
    private async Task UntilFetchedAsync(string queue, int count)
    {
        using CancellationTokenSource end = new(Patience);
        while (!paused.Node
            .Control("list_queues", "--quiet", "--no-table-headers", "name", "messages_unacknowledged")
            .Split('\n', StringSplitOptions.TrimEntries)
            .Contains($"{queue}\t{count}", StringComparer.Ordinal))
        {
            end.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
