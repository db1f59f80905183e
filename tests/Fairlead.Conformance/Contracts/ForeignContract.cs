using System.Net.Sockets;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Programs that know nothing of Fairlead, through another framing: messages of type 1, nothing else.</summary>
public abstract class ForeignContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>Framings, three messages that each can carry, and their bytes in the stream.</summary>
    public static TheoryData<string, string[], byte[]> Framings => new()
    {
        { "line", ["a", "", "ccc"], Encoding.UTF8.GetBytes("a\n\nccc\n") },
        { "nul", ["a", "with\nnewline", ""], Encoding.UTF8.GetBytes("a\0with\nnewline\0\0") },
        { "length", ["a", "", "ccc"], [0, 0, 0, 1, (byte)'a', 0, 0, 0, 0, 0, 0, 0, 3, (byte)'c', (byte)'c', (byte)'c'] },
        { "block&size=4", ["a", "", "cccc"], Encoding.UTF8.GetBytes("a\0\0\0\0\0\0\0cccc") },
        { "block&size=4&until=nul", ["a", "", "ccc"], Encoding.UTF8.GetBytes("a\0\0\0\0\0\0\0ccc\0") },
    };

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Messages_of_a_program_without_Fairlead_are_received(string framing, string[] messages, byte[] bytes)
    {
        if (IsRefused(framing))
        {
            return;
        }

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"framing={framing}")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(receiver.Address)));
        raw.SendBytes(bytes);
        await ReadsAsync(receiver, messages);

        // The same in any division.
        for (int cut = 1; cut < bytes.Length; cut++)
        {
            raw.SendBytes(bytes.AsSpan(0, cut));
            await Task.Yield();
            raw.SendBytes(bytes.AsSpan(cut));
            await ReadsAsync(receiver, messages);
        }

        raw.Dispose();
        await Until(() => receiver.Peers.Count == 0, "it has left");
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_program_without_Fairlead_receives_messages(string framing, string[] messages, byte[] bytes)
    {
        if (IsRefused(framing))
        {
            return;
        }

        Sender sender = Track(await Sender.BindAsync(NewPlace($"framing={framing}")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(sender.Address)));
        foreach (string message in messages)
        {
            await sender.SendAsync(Encoding.UTF8.GetBytes(message).AsSpan());
        }

        byte[] read = new byte[bytes.Length];
        await OnThread(() => raw.Socket.Receive(read, SocketFlags.Peek));
        await ReadAllAsync(raw, read);
        Assert.Equal(bytes, read);

        // Long messages are written directly, unless a block is too short for them; the program reads in any pieces.
        byte[] large = [.. Enumerable.Repeat((byte)'x', 3_000_000)];
        if (framing.StartsWith("block", StringComparison.Ordinal))
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await sender.SendAsync(large.AsMemory()));
            await sender.CloseAsync(90.Seconds());
            Assert.Equal(0, await OnThread(() => raw.Socket.Receive(new byte[1])));
            return;
        }

        Task sending = sender.SendAsync(large.AsMemory()).AsTask();
        byte[] all = new byte[large.Length + (framing == "length" ? 4 : 1)];
        await ReadAllAsync(raw, all);
        await sending;
        Assert.Equal(large.Length, all.Count(b => b == 'x'));
        await sender.CloseAsync(90.Seconds());
        Assert.Equal(0, await OnThread(() => raw.Socket.Receive(new byte[1])));
    }

    [Fact]
    public async Task A_block_of_a_C_program_ends_at_its_first_NUL_and_an_incomplete_block_is_dropped()
    {
        const string Framing = "block&size=8&until=nul";
        if (IsRefused(Framing))
        {
            return;
        }

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"framing={Framing}")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(receiver.Address)));
        raw.SendBytes("hello\0er\0\0\0\0\0\0\0\0\0garbage12345678be"u8);
        await ReadsAsync(receiver, ["hello", "", "", "12345678"]);
        raw.Dispose();
        await Until(() => receiver.Peers.Count == 0, "it has left");
        Assert.False(receiver.TryReceive(out _));
    }

    [Fact]
    public async Task Two_Fairlead_ends_exchange_long_blocks()
    {
        const string Framing = "block&size=1MiB&until=nul";
        if (IsRefused(Framing))
        {
            return;
        }

        Pair bound = Track(await Pair.BindAsync(NewPlace($"framing={Framing}")));
        Pair pair = Track(await Pair.ConnectAsync(bound.Address));
        foreach (int length in new[] { 0, 1, 100_000, (1 << 20) - 1 })
        {
            byte[] text = [.. Enumerable.Repeat((byte)'x', length)];
            Task sending = pair.SendAsync(text.AsMemory()).AsTask();
            using Message message = await bound.ReceiveAsync();
            await sending;
            Assert.Equal(text, message.Span.ToArray());
            Task answering = bound.SendAsync(message.Memory).AsTask();
            using Message answer = await pair.ReceiveAsync();
            await answering;
            Assert.Equal(text, answer.Span.ToArray());
        }

        byte[] tooLong = [.. Enumerable.Repeat((byte)'x', 1 << 20)];
        Fails(ErrorCode.TooLarge, () => pair.Send(tooLong));
        await FailsAsync(ErrorCode.TooLarge, async () => await pair.SendAsync(tooLong.AsMemory()));
    }

    [Theory]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    public async Task Messages_to_a_program_that_does_not_read_are_dropped_by_the_policy(string full)
    {
        if (IsRefused("line"))
        {
            return;
        }

        const int Count = 50_000;
        Sender sender = Track(await Sender.BindAsync(NewPlace($"framing=line&full={full}&messages=100&capacity=64KiB")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(sender.Address)));
        await Until(() => sender.Peers.Count == 1, "it has come");
        string filler = new('x', 200);

        // What lies between the two has room for most of them, and may still take some in: the last one is one that made another drop.
        int sent = 0;
        long dropped = 0;
        bool hasDropped = false;
        while (sent < Count || !hasDropped)
        {
            sender.Send(Encoding.UTF8.GetBytes($"{sent++} {filler}"));
            long before = dropped;
            dropped = sender.Statistics.Dropped;
            hasDropped = dropped > before;
        }

        ValueTask<CloseReport> closing = sender.CloseAsync(90.Seconds());
        using StreamReader lines = new(new NetworkStream(raw.Socket));
        int received = 0;
        int last = -1;
        while (await lines.ReadLineAsync() is { } line)
        {
            int number = int.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(number > last && line.Length > 200, $"{line} came behind {last}.");
            last = number;
            received++;
        }

        CloseReport report = await closing;
        Output.WriteLine($"{received} received, {dropped} dropped");
        Assert.Equal((sent, received, true), (received + dropped, report.Sent, report.IsComplete));
        Assert.True(full == "drop-oldest" ? last == sent - 1 : last < sent - 1);
    }

    [Fact]
    public async Task Bytes_pass_unchanged_without_a_framing()
    {
        Pair pair = Track(await Pair.BindAsync(NewPlace("framing=none")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(pair.Address)));
        raw.SendBytes("hello "u8);
        raw.SendBytes("there"u8);
        StringBuilder heard = new();
        while (heard.Length < 11)
        {
            using Message message = await pair.ReceiveAsync();
            heard.Append(message.Text);
            Assert.True(!Transport.KeepsBoundaries || message.Text is "hello " or "there", message.Text);
        }

        Assert.Equal("hello there", heard.ToString());
        await pair.SendAsync("answer"u8);
        byte[] answer = new byte[6];
        await ReadAllAsync(raw, answer);
        Assert.Equal("answer"u8.ToArray(), answer);
        Assert.Throws<ArgumentException>(() => pair.TrySend([]));
    }

    [Fact]
    public async Task A_hub_serves_programs_without_Fairlead()
    {
        string framing = Transport.KeepsBoundaries ? "none" : "line";
        string end = Transport.KeepsBoundaries ? "" : "\n";
        Hub hub = Track(await Hub.BindAsync(NewPlace($"framing={framing}"), new HubOptions { MaxClients = 2 }));
        using RawPeer first = Track(new RawPeer(Transport.ConnectRaw(hub.Address)));
        Assert.Equal(1, Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client.Number);
        using RawPeer second = Track(new RawPeer(Transport.ConnectRaw(hub.Address)));
        Assert.Equal(2, Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client.Number);

        // A surplus client is disconnected without a message, which it would not understand.
        using RawPeer third = Track(new RawPeer(Transport.ConnectRaw(hub.Address)));
        Assert.Equal(0, await OnThread(() => third.Socket.Receive(new byte[1])));

        first.SendBytes(Encoding.UTF8.GetBytes("hi" + end));
        HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
        Assert.Equal((1, "hi"), (said.Client.Number, said.Message.Text));
        Assert.Equal(1, await hub.BroadcastAsync(said.Message, except: said.Client));
        said.Message.Dispose();
        byte[] heard = new byte[2];
        await ReadAllAsync(second, heard);
        Assert.Equal("hi"u8.ToArray(), heard);

        first.Dispose();
        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal((1, CloseReason.ClosedByPeer), (left.Client.Number, left.Reason));
    }

    [Fact]
    public async Task A_hub_disconnects_a_client_that_never_reads_when_a_broadcast_finds_it_full()
    {
        // The clock stands still: nothing here waits for time to pass.
        string framing = Transport.KeepsBoundaries ? "none" : "line";
        Hub hub = Track(await Hub.BindAsync(NewPlace($"framing={framing}"), new HubOptions { TimeProvider = new ManualClock() }));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(hub.Address)));
        HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        byte[] message = new byte[10_000];
        while (hub.Broadcast(message) == 1)
        {
        }

        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal((joined.Client, CloseReason.SlowConsumer), (left.Client, left.Reason));
        Assert.Empty(hub.Clients);
    }

    [Fact]
    public async Task A_slow_reader_blocks_a_foreign_sender_and_bounds_the_unread_messages()
    {
        string framing = Transport.KeepsBoundaries ? "none" : "length";
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace($"framing={framing}&messages=10")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(receiver.Address)));
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < 3_000; i++)
            {
                byte[] content = Payload.Make(i, 1_000);
                raw.SendBytes(framing == "none" ? content : [0, 0, 3, 232, .. content]);
            }
        });
        await Until(() => receiver.Statistics.QueueDepth >= 10, "it is full");

        for (int i = 0; i < 3_000; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);

            // At most one read of the socket beyond the limit.
            Assert.InRange(receiver.Statistics.QueueDepth, 0, 10 + 70);
        }

        await sending;
    }

    [Fact]
    public async Task A_message_limit_applies_to_programs_without_Fairlead_too()
    {
        SkipUnless(!Transport.KeepsBoundaries, "packets take no framing");

        Hub hub = Track(await Hub.BindAsync(NewPlace("framing=line&maxmessage=100")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(hub.Address)));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        raw.SendBytes(Encoding.UTF8.GetBytes("short\n" + new string('x', 101) + "\n"));
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal(CloseReason.Limit, left.Reason);
    }

    [Fact]
    public async Task Patterns_that_need_more_than_messages_are_refused()
    {
        string framing = Transport.KeepsBoundaries ? "none" : "line";
        Address place = NewPlace($"framing={framing}");
        foreach (Func<MessagingEndpoint> open in new Func<MessagingEndpoint>[]
            {
                () => Requester.Bind(place),
                () => Responder.Bind(place),
                () => Publisher.Bind(place),
                () => Subscriber.Bind(place),
            })
        {
            FairleadException error = Fails(ErrorCode.NotSupported, () => open());
            Assert.Contains("framing", error.Message, StringComparison.Ordinal);
        }

        Pair pair = Track(await Pair.BindAsync(place));
        Fails(ErrorCode.NotSupported, () => pair.Deliver("x"u8));
        await FailsAsync(ErrorCode.NotSupported, async () => await pair.DeliverAsync("x"u8));
        if (framing == "line")
        {
            using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(pair.Address)));
            await Until(() => pair.Peers.Count == 1, "it has come");
            Assert.Throws<ArgumentException>(() => pair.TrySend("two\nlines"u8));
            await Assert.ThrowsAsync<ArgumentException>(async () =>
                await pair.SendAsync(Encoding.UTF8.GetBytes("two\nlines" + new string('x', 100_000)).AsMemory()));
            pair.Send("one"u8);
            byte[] heard = new byte[4];
            await ReadAllAsync(raw, heard);
            Assert.Equal("one\n"u8.ToArray(), heard);
        }
        else
        {
            Fails(ErrorCode.NotSupported, () => Receiver.Bind(NewPlace("framing=line")));
        }
    }

    [Fact]
    public async Task Two_Fairlead_ends_may_use_a_foreign_framing()
    {
        string framing = Transport.KeepsBoundaries ? "framing=none" : "framing=length";
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace(framing)));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                await sender.SendAsync(Payload.Make(i, 1 + (i * 37 % 60_000)).AsMemory());
            }

            return await sender.CloseAsync(90.Seconds());
        });
        for (int i = 0; i < 1_000; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        await sending;

        // An end without the framing option waits for a welcome that never comes, or is disconnected because its hello looks invalid.
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () =>
            await Sender.ConnectAsync(Bare(receiver.Address), new EndpointOptions { HandshakeTimeout = 100.Milliseconds() }));
        Output.WriteLine(error.Message);
        Assert.True(error.Code is ErrorCode.Timeout or ErrorCode.PeerGone, error.Message);
    }

    [Fact]
    public async Task A_worker_still_in_its_handshake_when_the_last_sender_leaves_does_not_block_FinishAsync()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace()));

        // It is admitted before the sender: one after the other.
        using RawPeer worker = Track(new RawPeer(Transport.ConnectRaw(queue.Address)));
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Task finishing = queue.FinishAsync();
        await sender.CloseAsync();
        await Until(() => queue.Peers.Count == 0, "the sender has gone");
        Assert.False(finishing.IsCompleted);
        worker.SayHello("Receiver");
        await finishing;
    }

    private bool IsRefused(string framing)
    {
        if (!Transport.KeepsBoundaries)
        {
            return false;
        }

        FairleadException error = Fails(ErrorCode.NotSupported, () => Receiver.Bind(NewPlace($"framing={framing}")));
        Output.WriteLine(error.Message);
        return true;
    }

    private static Task ReadAllAsync(RawPeer raw, byte[] buffer) => OnThread(() =>
    {
        for (int filled = 0; filled < buffer.Length;)
        {
            int got = raw.Socket.Receive(buffer.AsSpan(filled));
            Assert.NotEqual(0, got);
            filled += got;
        }
    });

    private static async Task ReadsAsync(Receiver receiver, string[] messages)
    {
        foreach (string expected in messages)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(expected, message.Text);
            Assert.False(message.WantsReceipt);
        }
    }
}
