using Fairlead.Logs;

namespace Fairlead.Tests.Logs;

/// <summary>A sender appends to a log, a receiver follows it: patterns at <c>log://</c>.</summary>
public sealed class LogPatternTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    private string Address => $"log://{_directory["orders"]}";

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_are_received_in_order_whether_they_were_sent_before_or_after_the_receiver_connected(bool isAsync)
    {
        await using var sender = isAsync ? await Sender.ConnectAsync(Address + "?segment=64KiB") : Sender.Bind(Address + "?segment=64KiB");
        for (int i = 0; i < 1000; i++)
        {
            await sender.SendAsync(Payload.Make(i, 8 + (i % 500)));
        }

        await using var receiver = isAsync ? await Receiver.ConnectAsync(Address) : Receiver.Bind(Address);
        for (int i = 0; i < 2000; i++)
        {
            using var message = isAsync ? await receiver.ReceiveAsync() : receiver.Receive(Watchdog);
            Assert.Equal((i, 0), Payload.Check(message.Span));
            if (i == 999)
            {
                Assert.False(receiver.TryReceive(out _));
                for (int more = 1000; more < 2000; more++)
                {
                    Assert.Equal(SendResult.Sent, sender.TrySend(Payload.Make(more, 8 + (more % 500))));
                }
            }
        }

        Assert.Equal(2000, sender.Statistics.MessagesSent);
        Assert.True((await sender.CloseAsync(Watchdog)).IsComplete);
    }

    [Fact]
    public async Task A_receiver_waits_for_messages_and_its_waits_end()
    {
        await using var receiver = await Receiver.ConnectAsync(Address + "?from=end");
        Assert.False(receiver.TryReceive(TimeSpan.FromMilliseconds(20), out _));
        var waiting = receiver.ReceiveAsync().AsTask();
        await using var sender = await Sender.ConnectAsync(Address);
        sender.Send("1"u8);
        using (var message = await waiting.WaitAsync(Watchdog))
        {
            Assert.Equal("1", message.Text);
        }

        var blocking = Task.Factory.StartNew(() => receiver.Receive(Watchdog), TaskCreationOptions.LongRunning);
        sender.Send("2"u8);
        using (var message = await blocking.WaitAsync(Watchdog))
        {
            Assert.Equal("2", message.Text);
        }

        using CancellationTokenSource cancel = new();
        waiting = receiver.ReceiveAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Watchdog));
        waiting = receiver.ReceiveAsync().AsTask();
        receiver.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Watchdog));
    }

    [Fact]
    public async Task A_position_moves_past_the_messages_that_were_disposed()
    {
        await using (var sender = await Sender.ConnectAsync(Address))
        {
            for (int i = 0; i < 10; i++)
            {
                sender.Send(Payload.Make(i, 64));
            }
        }

        await using (var receiver = await Receiver.ConnectAsync(Address + "?position=billing"))
        {
            var first = receiver.Receive(Watchdog);
            receiver.Receive(Watchdog).Dispose();
            receiver.Receive(Watchdog).Dispose();
            Assert.Equal(1, Position());
            first.Dispose();
            Assert.Equal(4, Position());
            var held = receiver.Receive(Watchdog);
            await Assert.ThrowsAsync<FairleadException>(async () => await Receiver.ConnectAsync(Address + "?position=billing"));
            receiver.Dispose();

            // Too late: the next follower gets it again.
            Assert.Equal((3, 0), Payload.Check(held.Span));
            held.Dispose();
        }

        await using var next = await Receiver.ConnectAsync(Address + "?position=billing&from=end");
        using var again = next.Receive(Watchdog);
        Assert.Equal((3, 0), Payload.Check(again.Span));

        long Position()
        {
            using var log = MappedLog.Open(Address);
            return log.Info().Positions.Single().Next;
        }
    }

    [Fact]
    public void A_log_address_reports_its_capabilities_and_refuses_other_patterns()
    {
        Assert.Equal(
            TransportCapabilities.Reliable
                | TransportCapabilities.Ordered
                | TransportCapabilities.KeepsBoundaries
                | TransportCapabilities.Durable,
            TransportCatalog.CapabilitiesOf(Address));
        foreach (Func<MessagingEndpoint> open in (Func<MessagingEndpoint>[])
            [
                () => Requester.Bind(Address),
                () => Responder.Bind(Address),
                () => Publisher.Bind(Address),
                () => Pair.Bind(Address),
                () => Hub.Bind(Address),
                () => WorkQueue.Bind(Address),
            ])
        {
            Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(open).Code);
        }

        using var sender = Sender.Connect(Address);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => sender.Deliver("x"u8)).Code);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => sender.Send(new byte[65 * 1024 * 1024])).Code);
        sender.Send("fits"u8);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => Sender.Connect(Address + "?framing=line")).Code);
        Assert.Throws<AddressFormatException>(() => Sender.Connect(Address + "?position=x"));
        Assert.Throws<AddressFormatException>(() => Receiver.Connect(Address + "?from=yesterday"));
    }

    [Fact]
    public async Task Records_that_retention_removed_are_counted_as_missed()
    {
        await using var receiver = await Receiver.ConnectAsync(Address + "?segment=64KiB");
        await using var sender = await Sender.ConnectAsync(Address + "?keep=192KiB");
        for (int i = 0; i < 1000; i++)
        {
            sender.Send(new byte[1000]);
        }

        long received = 0;
        while (receiver.TryReceive(TimeSpan.FromMilliseconds(200), out var message))
        {
            received++;
            message.Dispose();
        }

        Assert.Equal(1000, received + receiver.Statistics.Dropped);
    }
}
