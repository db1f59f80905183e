using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <content>Queued messages under each policy when an end closes, or its peer leaves.</content>
public abstract partial class PolicyContract
{
    [Fact]
    public async Task A_closing_sender_waits_until_its_queue_is_sent()
    {
        (Sender sender, Receiver receiver) = await OpenAsync("drop-newest");
        await SendAsync(sender, Calls.Async, 0, 50);
        ValueTask<CloseReport> closing = sender.CloseAsync(60.Seconds());
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        Assert.Equal(new CloseReport(15, 15, 0, 0), await closing);
        await Until(() => receiver.Statistics.Missed == 35, "the last word says what was missed");
    }

    [Fact]
    public async Task The_report_counts_messages_that_waited_when_the_peer_disconnected()
    {
        (Sender sender, Receiver receiver) = await OpenAsync("drop-oldest");
        await SendAsync(sender, Calls.Async, 0, 12);
        Assert.Equal((0, 0), await TakeAsync(receiver));
        await EndsAtAsync(TimeSpan.Zero, receiver.CloseAsync(TimeSpan.Zero).AsTask());

        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(async () =>
        {
            while (true)
            {
                await sender.SendAsync("x"u8);
            }
        });
        Output.WriteLine(gone.Message);
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
        CloseReport report = await sender.CloseAsync();
        Assert.Equal(report.Sent, report.Acknowledged + report.NotDelivered + report.InDoubt);
        Assert.True(report.Sent >= 12);
    }

    [Fact]
    public async Task The_report_counts_messages_that_waited_at_the_deadline_of_the_close()
    {
        (Sender sender, Receiver receiver) = await OpenAsync("drop-oldest");
        await SendAsync(sender, Calls.Async, 0, 100);
        CloseReport report = await EndsAtAsync(50.Milliseconds(), sender.CloseAsync(50.Milliseconds()).AsTask());
        Assert.Equal((15, 0, 10, 5), (report.Sent, report.Acknowledged, report.NotDelivered, report.InDoubt));

        // A receiver that reads the sent messages learns how many were not sent.
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((i, 0), await TakeAsync(receiver));
        }

        await Until(() => receiver.Statistics.Missed == 95, "the last word counts all");
        Sender unheard = Track(await Sender.BindAsync(NewPlace("full=drop-newest&messages=10")));
        await SendAsync(unheard, Calls.Blocking, 0, 100);
        Assert.Equal(new CloseReport(10, 0, 10, 0), await unheard.CloseAsync());
    }

    [Fact]
    public async Task Messages_sent_while_reconnecting_are_kept_by_the_policy()
    {
        Address place = NewPlace("messages=5");
        Receiver first = Track(await Receiver.BindAsync(place));
        Address bound = first.Address;
        Sender sender = Track(await Sender.ConnectAsync(With(Bare(bound), "full=drop-oldest&messages=10&reconnect=infinite")));
        TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        sender.StateChanged += (_, change) =>
        {
            if (change.State == EndpointState.Reconnecting)
            {
                lost.TrySetResult();
            }
        };
        first.Dispose();
        await lost.Task;
        await SendAsync(sender, Calls.Async, 0, 100);
        Receiver second = Track(await Receiver.BindAsync(bound));
        for (int i = 90; i < 100; i++)
        {
            Assert.Equal((i, i == 90 ? 90 : 0), await TakeAsync(second));
        }
    }

    [Theory]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    public async Task Messages_that_waited_when_the_peer_was_lost_are_sent_after_reconnecting(string full)
    {
        Receiver first = Track(await Receiver.BindAsync(NewPlace("messages=5")));
        Address bound = first.Address;
        Sender sender = Track(await Sender.ConnectAsync(With(Bare(bound), $"full={full}&messages=10&reconnect=infinite")));
        await SendAsync(sender, Calls.Async, 0, 100);
        first.Dispose();
        Receiver second = Track(await Receiver.BindAsync(bound));

        // The first five had been sent; the others keep their order.
        (int from, int missed) = full == "drop-oldest" ? (90, 85) : (5, 0);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal((from + i, i == 0 ? missed : 0), await TakeAsync(second));
        }

        await Until(() => PollMissed(second) == 85, "it knows what was dropped");
        CloseReport report = await sender.CloseAsync(60.Seconds());
        Assert.Equal((15, 10), (report.Sent, report.Acknowledged));
    }
}
