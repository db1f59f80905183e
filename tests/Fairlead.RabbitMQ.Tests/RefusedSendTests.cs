using System.Threading.Channels;
using Fairlead.RabbitMQ.Bridges;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A queue that is full for a while delays the messages of a sender, and costs neither its connection nor a message.</summary>
public sealed class RefusedSendTests
{
    private const int Count = 10;

    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [BrokerFact]
    public async Task A_full_queue_does_not_end_the_connection_of_its_sender()
    {
        using MuteBroker proxy = new(int.MaxValue);
        Address address = Broker.NewAddress("&length=1");
        await using Sender sender = await Sender.ConnectAsync(proxy.Address("&length=1").With("name", address.Option("name")!));
        Channel<EndpointStateChange> changes = Channel.CreateUnbounded<EndpointStateChange>();
        sender.StateChanged += (_, change) => Assert.True(changes.Writer.TryWrite(change));
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(SendResult.Sent, sender.TrySend([(byte)i]));
        }

        EndpointStateChange full = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(EndpointState.Blocked, full.State);
        Assert.Contains("takes no message now", full.Detail, StringComparison.Ordinal);
        await using Receiver receiver = await Receiver.BindAsync(address);
        List<int> read = [];
        while (read.Count < Count)
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            read.Add(message.Span[0]);
            message.Accept();
        }

        Assert.Equal(Enumerable.Range(0, Count), read.Order());
        Assert.Equal(EndpointState.Connected, (await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience)).State);
        CloseReport report = await sender.CloseAsync(Patience);
        Assert.True(report.IsComplete, report.ToString());
        Assert.Equal(1, proxy.Connections);
    }

    /// <summary>What it cannot send within its time is in doubt, and closing does not wait longer.</summary>
    [BrokerFact]
    public async Task A_sender_closes_while_the_queue_is_full()
    {
        await using Sender sender = await Sender.ConnectAsync(Broker.NewAddress("&length=1"));
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(SendResult.Sent, sender.TrySend([(byte)i]));
        }

        CloseReport report = await sender.CloseAsync(500.Milliseconds()).AsTask().WaitAsync(Patience);
        Assert.True(report.DeadlinePassed, report.ToString());
        Assert.InRange(report.InDoubt, Count - 1, Count);
    }

    [Fact]
    public void An_item_confirmed_after_a_refused_item_completes_after_it()
    {
        PublishWindow<string> window = new(StringComparer.Ordinal);
        foreach (string item in (string[])["a", "b", "c", "d"])
        {
            _ = window.Add(item);
        }

        Assert.Equal(["d"], window.Refuse(4, isMultiple: false, static item => item == "d", out int done));
        Assert.Empty(window.Refuse(2, isMultiple: false, static item => item == "d", out done));
        Assert.Equal(0, done);
        Task settled = window.WhenSettled();
        Assert.Equal(["c"], window.Take(3, isMultiple: false, out done));
        Assert.Equal((0, false), (done, settled.IsCompleted));
        Assert.Equal(["a"], window.Take(1, isMultiple: false, out done));
        Assert.Equal((1, true), (done, settled.IsCompleted));
        Assert.True(window.TryPeekAgain(out string? again));
        Assert.Equal("b", again);
        Assert.Equal(5ul, window.Add(again));
        window.RemoveAgain();

        // It is refused once more; then the channel is lost.
        Assert.Empty(window.Refuse(5, isMultiple: true, static _ => false, out done));
        Assert.Equal(0, done);
        PublishWindow<string> next = window.Leave();
        Assert.True(next.TryPeekAgain(out again));
        Assert.Equal(("b", 1ul), (again, next.Add(again)));
        next.RemoveAgain();
        Assert.Equal(["b"], next.Take(1, isMultiple: false, out done));
        Assert.Equal(3, done);
        Assert.True(next.WhenSettled().IsCompleted);
    }
}
