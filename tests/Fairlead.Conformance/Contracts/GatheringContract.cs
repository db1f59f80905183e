using System.Buffers;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Several buffers sent as one message: it arrives like a message of one buffer, however it is divided, and the buffers are the caller's
/// again when documented.
/// </summary>
[SlowRun]
public abstract class GatheringContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>The length of the message, and the length of its parts.</summary>
    public static TheoryData<int, int> Cuts =>
        new()
        {
            { 8, 1 },
            { 8, 8 },
            { 1_000, 1 },
            { 3_000, 1_024 },
            { 70_000, 70 },
            { 70_000, 69_999 },
            { 200_000, 200_000 },
        };

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task Any_parts_arrive_as_one_message(int length, int size)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        Task receiving = ReceivesAsync(receiver, 30);
        for (int i = 0; i < 30; i += 3)
        {
            byte[] bytes = Payload.Make(i, length);
            SendResult result;
            while ((result = sender.TrySend(Cut(bytes, size))) == SendResult.Full)
            {
                await Task.Yield();
            }

            Assert.Equal(SendResult.Sent, result);
            Array.Clear(bytes);
            Payload.Write(bytes, i + 1);
            await OnThread(() => sender.Send(Cut(bytes, size)));
            Array.Clear(bytes);
            Payload.Write(bytes, i + 2);
            await sender.SendAsync(Cut(bytes, size));
            Array.Clear(bytes);
        }

        await receiving;
    }

    [Fact]
    public async Task No_parts_or_empty_parts_are_an_empty_message()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        foreach (ReadOnlySequence<byte> nothing in new[]
            {
                default,
                ReadOnlySequence<byte>.Empty,
                Parts.Of(default, default, default(ReadOnlyMemory<byte>)),
            })
        {
            Assert.Equal(SendResult.Sent, sender.TrySend(nothing));
            sender.Send(nothing);
            await sender.SendAsync(nothing);
            for (int i = 0; i < 3; i++)
            {
                using Message message = Handled(await receiver.ReceiveAsync());
                Assert.Equal(0, message.Length);
            }
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Ten_megabytes_in_three_parts_pass_through_a_small_queue(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: "capacity=100KiB");
        Task receiving = ReceivesAsync(receiver, 6);
        byte[] bytes = new byte[10 << 20];
        for (int i = 0; i < 6; i += 2)
        {
            Payload.Write(bytes, i);
            await SendAsync(sender, calls, Parts.Of(bytes.AsMemory(0, 3_000_000), bytes.AsMemory(3_000_000, 1), bytes.AsMemory(3_000_001)));
            Array.Clear(bytes);
            Payload.Write(bytes.AsSpan(0, 100), i + 1);
            await SendAsync(sender, calls, Parts.Cut(bytes.AsMemory(0, 100), 7));
        }

        await receiving;
    }

    [Fact]
    public async Task Parts_that_are_too_long_together_are_refused()
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: "maxmessage=1000");
        ReadOnlySequence<byte> longer = Parts.Cut(Payload.Make(-1, 1_001), 400);
        Fails(ErrorCode.TooLarge, () => sender.Send(longer));
        Fails(ErrorCode.TooLarge, () => sender.TrySend(longer));
        await FailsAsync(ErrorCode.TooLarge, async () => await sender.SendAsync(longer));
        await FailsAsync(ErrorCode.TooLarge, async () => await sender.DeliverAsync(longer));
        sender.Send(Parts.Cut(Payload.Make(0, 1_000), 400));
        await ReceivesAsync(receiver, 1);

        // Longer than any message: a gigabyte, three times.
        byte[] large = GC.AllocateUninitializedArray<byte>(1 << 20);
        ReadOnlySequence<byte> longest = Parts.Of(Enumerable.Repeat((ReadOnlyMemory<byte>)large, 3 << 10));
        Fails(ErrorCode.TooLarge, () => sender.Send(longest));
        await FailsAsync(ErrorCode.TooLarge, async () => await sender.SendAsync(longest));
    }

    [Fact]
    public async Task A_send_of_parts_that_waits_keeps_its_order_or_ends_by_timeout_or_token()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");

        (Sender sender, Receiver receiver) = await OpenAsync(options: "messages=10");
        int sent = 0;
        while (sender.TrySend(Parts.Cut(Payload.Make(sent, 300), 100)) == SendResult.Sent)
        {
            sent++;
        }

        ReadOnlySequence<byte> lost = Parts.Cut(Payload.Make(-1, 300), 100);
        Fails(ErrorCode.Timeout, () => sender.Send(lost, 20.Milliseconds()));
        using CancellationTokenSource cancel = new();
        Task cancelled = sender.SendAsync(lost, cancel.Token).AsTask();
        Delivery late = await sender.DeliverAsync(lost, 20.Milliseconds());
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (late.Status, late.Cause));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        Task waiting = sender.SendAsync(Parts.Cut(Payload.Make(sent, 300), 100)).AsTask();
        Task behind = sender.SendAsync(Parts.Cut(Payload.Make(sent + 1, 300_000), 100_000)).AsTask();
        Assert.False(waiting.IsCompleted);
        await ReceivesAsync(receiver, sent + 2);
        await waiting;
        await behind;
    }

    [Fact]
    public async Task Parts_sent_before_a_receiver_connects_wait_for_it()
    {
        SkipUnless(Transport.HasPeers, "the queue takes it");
        SkipUnless(Transport.SendersBind, "senders only connect");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        Assert.Equal(SendResult.NoPeer, sender.TrySend(Parts.Cut(Payload.Make(-1, 300), 100)));
        Task[] waiting =
        [
            sender.SendAsync(Parts.Cut(Payload.Make(0, 300), 100)).AsTask(),
            sender.SendAsync(Parts.Cut(Payload.Make(1, 300_000), 9_000)).AsTask(),
        ];
        Receiver receiver = Track(await Receiver.ConnectAsync(OtherEnd(sender.Address)));
        await ReceivesAsync(receiver, 2);
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task A_send_of_parts_does_not_wait_under_a_dropping_policy()
    {
        (Sender sender, Receiver receiver) = await OpenDroppingAsync();
        for (int i = 0; i < 1_000; i++)
        {
            byte[] bytes = Payload.Make(i, 300);
            await SendAsync(sender, i % 2 == 0 ? Calls.Async : Calls.Blocking, Parts.Cut(bytes, 100));
            Array.Clear(bytes);
        }

        int last = -1;
        while (last < 999)
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            (int number, _) = Payload.Check(message.Span);
            Assert.True(number > last);
            last = number;
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Receipts_requests_and_replies_of_parts_work_as_with_one_buffer(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        Requester requester = Track(await Requester.ConnectAsync(OtherEnd(responder.Address)));
        foreach (int length in new[] { 8, 5_000, 300_000 })
        {
            ReadOnlySequence<byte> parts = Parts.Cut(Payload.Make(length, length), (length / 3) + 1);
            Task<Delivery> delivering =
                calls == Calls.Blocking ? OnThread(() => sender.Deliver(parts)) : sender.DeliverAsync(parts).AsTask();
            using (Message message = await receiver.ReceiveAsync())
            {
                Assert.Equal((length, 0), Payload.Check(message.Span));
                message.Accept();
            }

            Assert.True((await delivering).IsDelivered);
            Task<Message> asking =
                calls == Calls.Blocking ? OnThread(() => requester.Request(parts)) : requester.RequestAsync(parts).AsTask();
            using (Request request = await responder.ReceiveAsync())
            {
                Assert.Equal((length, 0), Payload.Check(request.Span));
                byte[] answer = Payload.Make(length + 1, length);
                Assert.True(request.Reply(Parts.Cut(answer, 1_000)));
                Array.Clear(answer);
                Assert.Throws<InvalidOperationException>(() => request.Reply(Parts.Cut(answer, 1_000)));
            }

            using Message reply = await asking;
            Assert.Equal((length + 1, 0), Payload.Check(reply.Span));
        }
    }

    [Fact]
    public async Task A_pair_and_a_hub_send_parts_too()
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.ServesMany, "it has one client");

        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        Pair pair = Track(await Pair.ConnectAsync(OtherEnd(hub.Address)));
        HubClient client = Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client;
        for (int i = 0; i < 4; i++)
        {
            ReadOnlySequence<byte> parts = Parts.Cut(Payload.Make(i, 500), 90);
            Task sending = Task.CompletedTask;
            switch (i)
            {
                case 0:
                    Assert.Equal((SendResult.Sent, SendResult.Sent), (hub.TrySend(client, parts), pair.TrySend(parts)));
                    break;
                case 1:
                    hub.Send(client, parts);
                    pair.Send(parts);
                    break;
                case 2:
                    await hub.SendAsync(client, parts);
                    await pair.SendAsync(parts);
                    break;
                default:
                    sending = Task.WhenAll(
                        hub.DeliverAsync(client, parts).AsTask(), pair.DeliverAsync(parts).AsTask(), OnThread(() => pair.Deliver(parts)));
                    break;
            }

            using (Message message = await pair.ReceiveAsync())
            {
                Assert.Equal((i, 0), Payload.Check(message.Span));
                message.Accept();
            }

            for (int said = 0; said < (i == 3 ? 2 : 1); said++)
            {
                using Message message = Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message;
                Assert.Equal((i, 0), Payload.Check(message.Span));
                message.Accept();
            }

            await sending;
        }
    }

    [Theory]
    [InlineData("line")]
    [InlineData("nul")]
    public async Task A_framing_checks_every_part(string framing)
    {
        if (IsRefused(framing))
        {
            return;
        }

        string delimiter = framing == "line" ? "\n" : "\0";
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"framing={framing}")));
        Sender sender = Track(await Sender.ConnectAsync(With(OtherEnd(receiver.Address), $"framing={framing}")));
        ReadOnlySequence<byte> wrong = Parts.Of("a"u8.ToArray(), System.Text.Encoding.UTF8.GetBytes($"b{delimiter}"), "c"u8.ToArray());
        Assert.Throws<ArgumentException>(() => sender.TrySend(wrong));
        Assert.Throws<ArgumentException>(() => sender.Send(wrong));
        await Assert.ThrowsAsync<ArgumentException>(async () => await sender.SendAsync(wrong));
        byte[] large = [.. Enumerable.Repeat((byte)'x', 1_000_000)];
        Task sending = Task.Run(async () =>
        {
            Assert.Equal(SendResult.Sent, sender.TrySend(Parts.Of("a"u8.ToArray(), default, "b"u8.ToArray())));
            await sender.SendAsync(Parts.Of(large, "y"u8.ToArray()));
            sender.Send(Parts.Of(default, "last"u8.ToArray(), default(ReadOnlyMemory<byte>)));
        });
        foreach (string text in new[] { "ab", new string('x', large.Length) + "y", "last" })
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            Assert.Equal(text, message.Text);
        }

        await sending;
    }

    [Fact]
    public async Task Parts_pass_as_bytes_without_a_framing()
    {
        if (IsRefused("none"))
        {
            return;
        }

        Pair bound = Track(await Pair.BindAsync(NewPlace("framing=none")));
        Pair pair = Track(await Pair.ConnectAsync(With(OtherEnd(bound.Address), "framing=none")));
        Assert.Throws<ArgumentException>(() => pair.TrySend(Parts.Of(default, default(ReadOnlyMemory<byte>))));
        pair.Send(Parts.Of("hello "u8.ToArray(), default, "there"u8.ToArray()));
        string heard = "";
        while (heard.Length < 11)
        {
            using Message message = await bound.ReceiveAsync();
            heard += message.Text;
        }

        Assert.Equal("hello there", heard);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_send_of_parts_to_a_killed_receiver_returns_the_buffers_to_their_owner(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");
        SkipUnless(Transport.CrossesProcesses, "it has one process");

        // It is stopped first: then the message is certainly half way.
        (PeerProcess peer, Address there) = await StartBoundAsync("receiver", NewPlace(Transport.IsNetwork ? "maxmessage=256MiB" : ""));
        Sender sender = Track(await Sender.ConnectAsync(there));
        await peer.StopAsync();
        byte[] bytes = Payload.Make(0, 60 << 20);
        Task sending = SendAsync(sender, calls, Parts.Cut(bytes, 9 << 20));
        Task behind = sender.SendAsync(Parts.Cut(bytes.AsMemory(0, 100), 9)).AsTask();
        await Until(() => sender.Statistics.MessagesSent > 0, "it is being written");
        if (Transport.KeepsBoundaries)
        {
            // It is cut into packets in memory of the connection: then it is buffered, whatever happens to the peer.
            await sending;
        }

        await peer.KillAsync();
        if (!Transport.KeepsBoundaries)
        {
            await FailsAsync(ErrorCode.PeerGone, () => sending);
        }

        await Until(() => behind.IsCompleted, "the messages behind it have ended");
        await FailsAsync(ErrorCode.PeerGone, async () =>
        {
            await behind;
            await sender.SendAsync(Parts.Cut(bytes.AsMemory(0, 100), 9));
        });
        Assert.Equal((0, 0), Payload.Check(bytes));
    }

    private static ReadOnlySequence<byte> Cut(byte[] bytes, int size) =>
        size == bytes.Length ? new ReadOnlySequence<byte>(bytes) : Parts.Cut(bytes, size);

    private async Task ReceivesAsync(Receiver receiver, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            Assert.Equal((i, 0), Payload.Check(message.Span));
        }
    }

    private bool IsRefused(string framing)
    {
        try
        {
            Pair.Bind(NewPlace($"framing={framing}")).Dispose();
            return false;
        }
        catch (FairleadException refused) when (refused.Code == ErrorCode.NotSupported)
        {
            Output.WriteLine(refused.Message);
            return true;
        }
    }

    private static Task SendAsync(Sender sender, Calls calls, ReadOnlySequence<byte> parts) =>
        calls == Calls.Blocking ? OnThread(() => sender.Send(parts)) : sender.SendAsync(parts).AsTask();

    private async Task<(Sender Sender, Receiver Receiver)> OpenDroppingAsync()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("messages=10")));
        return (Track(await Sender.ConnectAsync(With(OtherEnd(receiver.Address), "full=drop-oldest"))), receiver);
    }
}
