namespace Fairlead.RabbitMQ.Tests;

/// <summary>On a durable address, a call that has returned means that the broker has the message.</summary>
[Collection(PausedBroker.Name)]
public sealed class ConfirmedTests(PausedBroker paused)
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly int Kills = TestSize.Given("FAIRLEAD_BROKER_KILLS", 1);

    /// <summary>Each process sends and then kills itself: nothing of it writes what is still buffered.</summary>
    [BrokerTheory]
    [InlineData("send", 3)]
    [InlineData("block", 3)]
    [InlineData("flush", 500)]
    public async Task A_sender_that_is_killed_after_its_call_returned_loses_nothing(string how, int count)
    {
        Address address = Broker.NewAddress("&durable=true");
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        for (int kill = 0; kill < Kills; kill++)
        {
            int first = kill * count;
            await using PeerProcess peer = PeerProcess.StartNumber(1, "confirmed", how, address.ToString(), $"{first}", $"{count}");
            _ = await peer.ExitAsync();
            for (int i = first; i < first + count; i++)
            {
                using Message message = await receiver.ReceiveAsync(Patience);
                Assert.Equal(i, BitConverter.ToInt32(message.Span));
                message.Accept();
            }
        }
    }

    [BrokerFact]
    public async Task A_publisher_that_is_killed_after_its_call_returned_loses_nothing()
    {
        const int Count = 3;
        Address address = Broker.NewAddress("&durable=true");
        await using Subscriber subscriber = await Subscriber.ConnectAsync(address);
        await subscriber.SubscribeAsync("numbers");
        for (int kill = 0; kill < Kills; kill++)
        {
            int first = kill * Count;
            await using PeerProcess peer = PeerProcess.StartNumber(1, "confirmed", "publish", address.ToString(), $"{first}", $"{Count}");
            _ = await peer.ExitAsync();
            for (int i = first; i < first + Count; i++)
            {
                using Message message = await subscriber.ReceiveAsync(Patience);
                Assert.Equal(i, BitConverter.ToInt32(message.Span));
            }
        }
    }

    /// <summary>The broker has the connection, and answers nothing.</summary>
    [BrokerFact]
    public async Task An_unconfirmed_call_ends_at_its_timeout_and_the_message_arrives_later()
    {
        Address address = paused.Node.Address("not-confirmed", "&durable=true");
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("first");
        paused.Node.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            FairleadException late = Assert.Throws<FairleadException>(() => sender.Send("second"u8, 200.Milliseconds()));
            Assert.Equal(ErrorCode.Timeout, late.Code);
            Assert.Contains("did not confirm", late.Message, StringComparison.Ordinal);
            using CancellationTokenSource cancel = new();
            Task third = sender.SendAsync("third"u8, cancel.Token).AsTask();
            Assert.False(third.IsCompleted);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
            late = await Assert.ThrowsAsync<FairleadException>(() => sender.FlushAsync(200.Milliseconds()).AsTask());
            Assert.Equal(ErrorCode.Timeout, late.Code);
        }
        finally
        {
            paused.Node.Control("set_vm_memory_high_watermark", "absolute", "2GB");
        }

        await sender.FlushAsync(Patience);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        foreach (string expected in (string[])["first", "second", "third"])
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            Assert.Equal(expected, message.Text);
            message.Accept();
        }
    }

    [BrokerFact]
    public async Task Waiting_calls_end_when_the_endpoint_closes_and_report_the_reason()
    {
        Address address = paused.Node.Address("ended-unconfirmed", "&durable=true");
        Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("first");
        paused.Node.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            Task[] waiting = [.. Enumerable.Range(0, 3).Select(_ => sender.SendAsync("later"u8).AsTask())];
            CloseReport report = await sender.CloseAsync(200.Milliseconds());
            Assert.Equal(3, report.InDoubt);
            foreach (Task one in waiting)
            {
                FairleadException end = await Assert.ThrowsAsync<FairleadException>(() => one.WaitAsync(Patience));
                Assert.Contains("in doubt", end.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            paused.Node.Control("set_vm_memory_high_watermark", "absolute", "2GB");
        }
    }
}
