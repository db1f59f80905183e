using System.Net.Sockets;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>When sent messages go to the kernel: at once, in batches, or on a flush; and the results of flushing.</summary>
public abstract class WritingContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>The actions that make a buffering sender write.</summary>
    public static TheoryData<string> Occasions => ["flush", "flush async", "close", "dispose async", "dispose"];

    [Theory]
    [MemberData(nameof(Occasions))]
    public async Task Buffered_messages_are_written_when_they_are_flushed_or_the_endpoint_closes(string occasion)
    {
        (Sender sender, Receiver receiver) = await OpenAsync("writing=buffered");
        for (int i = 0; i < 8; i++)
        {
            await SendAsync(sender, i);
            Assert.True(Transport.IsWrittenAtOnce || !receiver.TryReceive(out _), "It left by itself.");
        }

        Task ending = Task.CompletedTask;
        switch (occasion)
        {
            case "flush":
                sender.Flush();
                break;
            case "flush async":
                await sender.FlushAsync();
                break;
            case "close":
                ending = sender.CloseAsync(90.Seconds()).AsTask();
                break;
            case "dispose async":
                ending = sender.DisposeAsync().AsTask();
                break;
            default:
                sender.Dispose();
                break;
        }

        await ReadsAsync(receiver, 0, 8);
        await ending;
    }

    [Theory]
    [InlineData(WriteMode.Buffered)]
    [InlineData(WriteMode.Immediate)]
    public async Task The_write_mode_can_be_set_in_code(WriteMode mode)
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(OtherEnd(receiver.Address), new EndpointOptions { WriteMode = mode }));
        await SendAsync(sender, 0);
        if (mode == WriteMode.Buffered)
        {
            Assert.True(Transport.IsWrittenAtOnce || !receiver.TryReceive(out _), "It left by itself.");
            sender.Flush();
        }

        await ReadsAsync(receiver, 0, 1);
    }

    [Fact]
    public async Task Buffered_messages_are_written_when_enough_have_accumulated()
    {
        (Sender sender, Receiver receiver) = await OpenAsync("writing=buffered");
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await SendAsync(sender, i, 1_000);
            }
        });
        await ReadsAsync(receiver, 0, 65);
        await sending;
        sender.Flush();
        await ReadsAsync(receiver, 65, 135);
    }

    [Fact]
    public async Task A_sender_writes_its_buffer_before_it_waits_for_capacity()
    {
        SkipUnless(Transport.HasPeers, "the queue takes everything");
        SkipUnless(Transport.IsDuplex, "nothing comes back");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("messages=5")));
        Sender sender = Track(await Sender.ConnectAsync(With(OtherEnd(receiver.Address), "writing=buffered")));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                await SendAsync(sender, i);
            }
        });
        await ReadsAsync(receiver, 0, 45);
        await sending;
        await sender.FlushAsync();
        await ReadsAsync(receiver, 45, 5);
    }

    [Fact]
    public async Task A_delivery_writes_the_buffered_messages_before_it()
    {
        SkipUnless(Transport.IsDuplex, "nothing comes back");

        (Sender sender, Receiver receiver) = await OpenAsync("writing=buffered");
        await SendAsync(sender, 0);
        await SendAsync(sender, 1);
        ValueTask<Delivery> delivery = sender.DeliverAsync(Payload.Make(2, 100));
        await ReadsAsync(receiver, 0, 3);
        Assert.True((await delivery).IsDelivered);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_receive_writes_the_buffer_before_it_waits(Calls calls)
    {
        SkipUnless(Transport.ConnectsPairs, "no two ends have a connection");
        SkipUnless(Transport.IsDuplex, "nothing comes back");

        Pair bound = Track(await Pair.BindAsync(NewPlace()));
        Pair pair = Track(await Pair.ConnectAsync(With(OtherEnd(bound.Address), "writing=buffered")));
        await pair.SendAsync("question"u8);
        Task<string> asking = OnThread(() =>
        {
            using Message answer = calls == Calls.Blocking ? pair.Receive() : pair.ReceiveAsync().AsTask().GetAwaiter().GetResult();
            return answer.Text;
        });
        using (Message question = await bound.ReceiveAsync())
        {
            Assert.Equal("question", question.Text);
        }

        await bound.SendAsync("answer"u8);
        Assert.Equal("answer", await asking);
    }

    [Fact]
    public async Task An_immediately_sent_message_is_in_the_kernel_when_the_call_returns()
    {
        SkipUnless(
            Transport.RawSocketType == SocketType.Stream && !Transport.IsWrittenAtOnce,
            "a program without Fairlead finds no stream of bytes there");

        Sender sender = Track(await Sender.BindAsync(NewPlace("framing=length&writing=immediate")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(sender.Address)));
        for (int i = 1; i <= 100; i++)
        {
            await SendAsync(sender, i);
            Assert.True(Transport.IsNetwork || raw.Socket.Available == i * 104, $"{raw.Socket.Available} bytes are there of {i} messages.");
        }

        await Until(() => raw.Socket.Available == 100 * 104, "all are there, without another word");
    }

    [Fact]
    public async Task Flushing_waits_for_a_program_that_does_not_read()
    {
        SkipUnless(
            Transport.RawSocketType == SocketType.Stream && !Transport.IsWrittenAtOnce,
            "a program without Fairlead finds no stream of bytes there");

        Pair pair = Track(await Pair.BindAsync(NewPlace("framing=none&capacity=16MiB&writing=buffered")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(pair.Address)));
        await Until(() => pair.Peers.Count == 1, "it has come");
        pair.Flush();
        byte[] content = Payload.Make(1, 8_000_000);
        for (int i = 0; i < content.Length; i += 10_000)
        {
            await pair.SendAsync(content.AsSpan(i, 10_000));
        }

        Fails(ErrorCode.Timeout, () => pair.Flush(20.Milliseconds()));
        await FailsAsync(ErrorCode.Timeout, async () => await pair.FlushAsync(20.Milliseconds()));
        using CancellationTokenSource cancellation = new();
        Task cancelled = pair.FlushAsync(cancellation.Token).AsTask();
        Task blocked = OnThread(() => Assert.Throws<OperationCanceledException>(() => pair.Flush(cancellationToken: cancellation.Token)));
        Assert.False(cancelled.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await blocked;

        Task flushed = pair.FlushAsync().AsTask();
        Task other = OnThread(() => pair.Flush());
        byte[] read = new byte[content.Length];
        await OnThread(() =>
        {
            for (int filled = 0; filled < read.Length;)
            {
                filled += raw.Socket.Receive(read.AsSpan(filled));
            }
        });
        await flushed;
        await other;
        Assert.Equal((1, 0), Payload.Check(read));
    }

    [Fact]
    public async Task Flushing_ends_when_a_peer_that_does_not_read_disconnects()
    {
        SkipUnless(
            Transport.RawSocketType == SocketType.Stream && !Transport.IsWrittenAtOnce,
            "a program without Fairlead finds no stream of bytes there");

        (Socket listener, Address address) = Transport.ListenRaw();
        using Socket listening = listener;
        Pair pair = Track(await Pair.ConnectAsync(With(address, "framing=none&capacity=16MiB&writing=buffered")));
        Socket peer = await listener.AcceptAsync();
        byte[] content = Payload.Make(1, 8_000_000);
        for (int i = 0; i < content.Length; i += 10_000)
        {
            await pair.SendAsync(content.AsSpan(i, 10_000));
        }

        Link link = Assert.Single(pair.Core.Links());
        Task flushed = pair.FlushAsync().AsTask();
        Task other = OnThread(() => pair.Flush());
        peer.Dispose();
        await FailsAsync(ErrorCode.PeerGone, () => flushed);
        await FailsAsync(ErrorCode.PeerGone, () => other);
        Fails(ErrorCode.PeerGone, () => pair.Flush());

        // By a caller that had found the link just before it was lost.
        FlushOperation late = FlushOperation.Rent(pair.Core, link, isBlocking: false);
        Task<bool> ending = late.Task.AsTask();
        link.Output.Start(late);
        await FailsAsync(ErrorCode.PeerGone, () => ending);
    }

    [Fact]
    public async Task A_killed_sender_loses_its_buffered_messages_and_no_flushed_message()
    {
        SkipUnless(Transport.HasPeers, "no peer is seen to leave");
        SkipUnless(Transport.CrossesProcesses && !Transport.IsWrittenAtOnce, "nothing is left unwritten that dies with its process");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        PeerProcess peer = Track(Transport.StartPeer("sender", "connect", With(OtherEnd(receiver.Address), "writing=buffered")));
        await peer.AnswerAsync();
        await peer.AskAsync("send 3 100");
        await peer.AskAsync("flush");
        await peer.AskAsync("send 5 100");
        await peer.KillAsync();
        await ReadsAsync(receiver, 0, 3);
        await Until(() => receiver.Peers.Count == 0 || !Transport.IsDuplex, "it has left");
        if (Transport.ServesMany || Transport.IsVisitedAgain)
        {
            Assert.False(receiver.TryReceive(out _));
        }
        else
        {
            Fails(ErrorCode.PeerGone, () => receiver.TryReceive(out _));
        }
    }

    [Fact]
    public async Task Flushing_without_a_peer_does_nothing_and_throws_after_Dispose()
    {
        SkipUnless(Transport.SendersBind, "senders only connect");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        receiver.Flush();
        await receiver.FlushAsync();
        receiver.Dispose();
        Assert.Throws<ObjectDisposedException>(() => receiver.Flush());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await receiver.FlushAsync());
    }

    private async Task<(Sender Sender, Receiver Receiver)> OpenAsync(string options)
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        return (Track(await Sender.ConnectAsync(With(OtherEnd(receiver.Address), options))), receiver);
    }

    private static async Task SendAsync(Sender sender, int number, int size = 100)
    {
        if (number % 2 == 0)
        {
            sender.Send(Payload.Make(number, size));
        }
        else
        {
            await sender.SendAsync(Payload.Make(number, size).AsMemory());
        }
    }

    private static async Task ReadsAsync(Receiver receiver, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal((i, 0), Payload.Check(message.Span));
            message.Accept();
        }
    }
}
