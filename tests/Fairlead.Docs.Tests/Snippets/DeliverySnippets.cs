using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/delivery.md</summary>
[SlowRun]
public sealed class DeliverySnippets
{
    private readonly List<string> _said = [];

    [Fact]
    public async Task DeliverAsync_returns_the_outcome_of_a_message()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        byte[] order = [3];
        Task<Message> reading = receiver.ReceiveAsync().AsTask();

        Delivery delivery = await sender.DeliverAsync(order, timeout: 1.Seconds(), cancellationToken);
        switch (delivery.Status)
        {
            case DeliveryStatus.Delivered:
                Say("accepted");
                break;
            case DeliveryStatus.NotDelivered:
                Say($"refused, {delivery.Reason}: it is safe to send it again");
                break;
            case DeliveryStatus.Unknown:
                Say($"in doubt, {delivery.Reason}: to send it again may double it");
                break;
        }

        // Read, and nothing more.
        using Message held = await reading;
        Assert.StartsWith("in doubt, ", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Timeout, delivery.Cause);
    }

    [Fact]
    public async Task A_disposed_or_rejected_message_is_not_delivered()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        ValueTask<Delivery> first = sender.DeliverAsync("1"u8);
        ValueTask<Delivery> second = sender.DeliverAsync("2"u8);
        receiver.Receive(5.Seconds()).Dispose();
        using (Message message = receiver.Receive(5.Seconds()))
        {
            message.Reject("the shop is closed");
        }

        Assert.Equal("NotDelivered: the receiver disposed the message without accepting it", (await first).ToString());
        Delivery refused = await second;
        Assert.Equal("NotDelivered: the shop is closed", refused.ToString());
        Assert.Null(refused.Cause);
    }

    [Fact]
    public async Task The_overflow_policy_decides_about_a_full_queue()
    {
        await using var receiver = await Receiver.BindAsync("unix://telemetry");
        await using var sender = await Sender.ConnectAsync("unix://telemetry", new() { OverflowPolicy = OverflowPolicy.DropOldest });
        sender.Send("1"u8);
        using Message message = receiver.Receive(5.Seconds());
        Assert.Equal("1", message.Text);
    }

    [Fact]
    public async Task A_message_that_is_not_read_in_time_is_not_delivered()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders?messages=1");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        Assert.Equal(SendResult.Sent, sender.TrySend("1"u8));
        Delivery delivery = await sender.DeliverAsync("2"u8, 10.Milliseconds());
        Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
        Assert.Equal(ErrorCode.Timeout, delivery.Cause);
        receiver.Dispose();
    }

    [Fact]
    public async Task Closing_reports_unread_messages()
    {
        // Where half a second passes before the receiver's process gets to say what it has read, that is in doubt as well.
        for (int attempts = 0; attempts < 10 && !_said.Contains("of 2 messages 0 were not delivered, 1 are in doubt"); attempts++)
        {
            _said.Clear();
            await CloseWithOneUnreadAsync();
            Assert.StartsWith("of 2 messages 0 were not delivered, ", Assert.Single(_said), StringComparison.Ordinal);
        }

        Assert.Equal(["of 2 messages 0 were not delivered, 1 are in doubt"], _said);
    }

    private async Task CloseWithOneUnreadAsync()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        var sender = await Sender.ConnectAsync("unix://orders");
        await sender.SendAsync("1"u8);
        await sender.SendAsync("2"u8);
        receiver.Receive(5.Seconds()).Dispose();

        CloseReport report = await sender.CloseAsync(timeout: 500.Milliseconds());
        if (!report.IsComplete)
        {
            Say($"of {report.Sent} messages {report.NotDelivered} were not delivered, {report.InDoubt} are in doubt");
        }
    }

    [Fact]
    public async Task Completion_returns_how_an_endpoint_ended()
    {
        var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        await receiver.CloseAsync();

        EndpointEnd end = await sender.Completion;
        Say($"{end.Reason}: {end.Report.InDoubt} messages are in doubt. {end.Error?.Message}");

        Assert.StartsWith("ClosedByPeer: 0 messages are in doubt. unix://orders: the peer closed", Assert.Single(_said));
    }

    [Fact]
    public async Task The_close_report_counts_messages_that_a_closing_receiver_did_not_read()
    {
        var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        await sender.SendAsync("1"u8);
        await sender.SendAsync("2"u8);
        receiver.Receive(5.Seconds()).Dispose();
        await receiver.CloseAsync();

        CloseReport report = await sender.CloseAsync();
        Assert.Equal(new CloseReport(Sent: 2, Acknowledged: 1, NotDelivered: 1, InDoubt: 0), report);
    }

    [Fact]
    public async Task A_sender_with_reconnect_finds_a_new_receiver()
    {
        TaskCompletionSource back = new();
        var first = await Receiver.BindAsync("unix://orders");

        await using var sender = await Sender.ConnectAsync("unix://orders?reconnect=30s");
        sender.StateChanged += (_, change) => Say($"{change.State} because of {change.Reason}");
        sender.StateChanged += (_, change) => _ = change.State == EndpointState.Connected && back.TrySetResult();

        await first.CloseAsync();
        while (sender.TrySend("?"u8) != SendResult.NoPeer)
        {
            await Task.Yield();
        }

        ValueTask waiting = sender.SendAsync("3 apples"u8);
        await using var second = await Receiver.BindAsync("unix://orders");
        using Message message = await second.ReceiveAsync(10.Seconds());
        await waiting;
        await back.Task;

        Assert.Equal("3 apples", message.Text);
        Assert.Equal(["Reconnecting because of ClosedByPeer", "Connected because of ClosedByPeer"], _said);
    }

    [Fact]
    public async Task A_sender_connects_to_one_of_several_addresses()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders-3");

        EndpointOptions anyOf = new() { Alternatives = ["unix://orders-2", "unix://orders-3"], ReconnectTimeout = 30.Seconds() };
        await using var sender = await Sender.ConnectAsync("unix://orders", anyOf);

        sender.Send("3 apples"u8);
        using Message message = receiver.Receive(10.Seconds());
        Assert.Equal("3 apples", message.Text);
    }

    private void Say(string text) => _said.Add(text);
}
