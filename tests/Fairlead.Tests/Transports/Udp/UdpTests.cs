using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>
/// Datagrams: each is a message, and none is certain to arrive. On the loopback interface the kernel loses none as long as it has room.
/// </summary>
public sealed class UdpTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task Each_message_is_a_datagram(string host)
    {
        await using Receiver receiver = await Receiver.BindAsync($"udp://{host}:0");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        int[] sizes = [0, 1, 64, 1_000, 10_000, 65_000, 65_491];
        for (int round = 0; round < 30; round++)
        {
            foreach (int size in sizes)
            {
                byte[] content = size < Payload.Least ? new byte[size] : Payload.Make(round, size);
                switch (round % 3)
                {
                    case 0:
                        sender.Send(content);
                        break;
                    case 1:
                        await sender.SendAsync(content.AsMemory());
                        break;
                    default:
                        Assert.Equal(SendResult.Sent, sender.TrySend(content));
                        break;
                }

                using Message message = round % 2 == 0 ? receiver.Receive() : await receiver.ReceiveAsync();
                Assert.Equal(size, message.Length);
                Assert.Equal(round, size < Payload.Least ? round : Payload.Check(message.Span).Number);
            }
        }

        FairleadException tooLarge = Assert.Throws<FairleadException>(() => sender.Send(new byte[65_492]));
        output.WriteLine(tooLarge.Message);
        Assert.Equal(ErrorCode.TooLarge, tooLarge.Code);
        Assert.Equal(0, receiver.Statistics.Dropped);
        Assert.True((await sender.CloseAsync(90.Seconds())).IsComplete);
    }

    [Fact]
    public async Task Bursts_of_many_senders_arrive_completely()
    {
        const int Senders = 5;
        const int Each = 40;
        await using Receiver receiver = await Receiver.BindAsync("udp://127.0.0.1:0");
        Sender[] senders = await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Sender.ConnectAsync(receiver.Address).AsTask()));
        int[] next = new int[Senders];
        for (int from = 0; from < Senders; from++)
        {
            for (int i = 0; i < Each; i++)
            {
                senders[from].Send(Payload.Make(i, 100, from));
            }
        }

        for (int i = 0; i < Senders * Each; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            (int number, int from) = Payload.Check(message.Span);
            Assert.Equal(next[from]++, number);
        }

        foreach (Sender sender in senders)
        {
            await sender.DisposeAsync();
        }
    }

    [Fact]
    public async Task Datagrams_that_the_kernel_drops_are_counted()
    {
        const int Count = 5_000;
        await using Receiver receiver = await Receiver.BindAsync("udp://127.0.0.1:0?capacity=4KiB");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < Count; i++)
        {
            sender.Send(Payload.Make(i, 500));
        }

        await sender.CloseAsync(90.Seconds());
        int received = 0;
        while (receiver.TryReceive(200.Milliseconds(), out Message message))
        {
            Payload.Check(message.Span);
            message.Dispose();
            received++;
        }

        // The kernel reports the number of dropped datagrams with the next one.
        await using Sender last = await Sender.ConnectAsync(receiver.Address);
        last.Send("last"u8);
        using Message end = await receiver.ReceiveAsync();
        output.WriteLine($"{received} received, {receiver.Statistics.Dropped} dropped");
        Assert.InRange(receiver.Statistics.Dropped, 1, Count);
        Assert.Equal(Count, received + receiver.Statistics.Dropped);
    }

    [Fact]
    public async Task Datagrams_that_are_no_message_are_dropped_and_counted()
    {
        await using Receiver receiver = await Receiver.BindAsync("udp://127.0.0.1:0");
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        await using Pair pair = await Pair.ConnectAsync(hub.Address);
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Random random = new(1);
        pair.Send("first"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        for (int i = 0; i < 50; i++)
        {
            byte[] garbage = new byte[random.Next(0, 100)];
            random.NextBytes(garbage);
            raw.SendTo(garbage, new IPEndPoint(IPAddress.Loopback, receiver.Address.Port!.Value));
            raw.SendTo(garbage, new IPEndPoint(IPAddress.Loopback, hub.Address.Port!.Value));
        }

        sender.Send("sound"u8);
        pair.Send("sound"u8);
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("sound", message.Text);
        Assert.Equal("sound", Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Text);
        Assert.Equal(50, receiver.Statistics.Dropped);
        Assert.Equal(50, hub.Statistics.Dropped);
        Assert.Single(hub.Peers);
    }

    [Fact]
    public async Task Datagrams_that_are_no_message_are_counted_without_a_session()
    {
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0");
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        raw.SendTo("no message"u8, new IPEndPoint(IPAddress.Loopback, hub.Address.Port!.Value));
        await using Pair pair = await Pair.ConnectAsync(hub.Address);
        pair.Send("sound"u8);

        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        Assert.Equal(1, hub.Statistics.Dropped);
    }

    [Fact]
    public async Task A_hub_identifies_its_clients_by_their_source_addresses()
    {
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0?framing=none");
        Pair[] clients = [await Pair.ConnectAsync(hub.Address), await Pair.ConnectAsync(hub.Address), await Pair.ConnectAsync(hub.Address)];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i].Send(Encoding.UTF8.GetBytes($"client {i}"));
            HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
            output.WriteLine($"{joined.Client} {joined.Client.Peer}");
            HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
            Assert.Equal($"client {i}", said.Message.Text);
            await hub.SendAsync(said.Client, "you"u8.ToArray());
            said.Message.Dispose();
            using Message answer = await clients[i].ReceiveAsync();
            Assert.Equal("you", answer.Text);
        }

        await hub.BroadcastAsync("all"u8.ToArray());
        foreach (Pair client in clients)
        {
            using Message news = await client.ReceiveAsync();
            Assert.Equal("all", news.Text);
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_session_ends_after_its_idle_time_without_a_datagram()
    {
        ManualClock clock = new();
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0?idle=10s", new HubOptions { TimeProvider = clock });
        await using Pair pair = await Pair.ConnectAsync(hub.Address);
        pair.Send("1"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        clock.Advance(9.Seconds());
        pair.Send("2"u8);
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
        clock.Advance(9.Seconds());
        Assert.Single(hub.Peers);
        clock.Advance(20.Seconds());
        Assert.IsType<HubEvent.Left>(hub.NextEvent());
        pair.Send("3"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
    }

    [Fact]
    public async Task A_sender_learns_that_no_receiver_is_bound()
    {
        Address address;
        await using (Receiver receiver = await Receiver.BindAsync("udp://127.0.0.1:0"))
        {
            address = receiver.Address;
            FairleadException held = Assert.Throws<FairleadException>(() => Receiver.Bind(address));
            output.WriteLine(held.Message);
            Assert.Equal((ErrorCode.AlreadyExists, Environment.ProcessId), (held.Code, held.Peer?.ProcessId));
        }

        await using Sender sender = await Sender.ConnectAsync(address);
        sender.Send("lost"u8);
        while (sender.TrySend("lost"u8) != SendResult.PeerGone)
        {
            await Task.Yield();
        }

        FairleadException gone = Assert.Throws<FairleadException>(() => sender.Send("lost"u8));
        output.WriteLine(gone.Message);
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
    }

    [Fact]
    public async Task Patterns_that_need_answers_are_refused_with_the_reason()
    {
        foreach (Func<MessagingEndpoint> open in new Func<MessagingEndpoint>[]
            {
                () => Requester.Bind("udp://127.0.0.1:0"),
                () => Responder.Bind("udp://127.0.0.1:0"),
                () => Publisher.Bind("udp://127.0.0.1:0"),
                () => WorkQueue.Bind("udp://127.0.0.1:0"),
                () => Sender.Bind("udp://127.0.0.1:0"),
                () => Receiver.Connect("udp://127.0.0.1:9"),
                () => Receiver.Bind("udp://127.0.0.1:0?framing=line"),
            })
        {
            FairleadException error = Assert.Throws<FairleadException>(() => open());
            output.WriteLine(error.Message);
            Assert.Equal(ErrorCode.NotSupported, error.Code);
        }

        await using Pair pair = await Pair.BindAsync("udp://127.0.0.1:0");
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => pair.Deliver("x"u8)).Code);
        Assert.Throws<AddressFormatException>(() => Receiver.Bind("udp://127.0.0.1:0?ttl=many"));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Receiver.Bind("udp://127.0.0.1:0?interface=nosuch0")).Code);
    }

    [Fact]
    public async Task All_members_of_a_group_receive_a_message()
    {
        await using Receiver first = await Receiver.BindAsync("udp://239.255.42.42:0?interface=lo");
        await using Receiver second = await Receiver.BindAsync(first.Address);
        await using Sender sender = await Sender.ConnectAsync(first.Address.With("ttl", "0"));
        sender.Send("to the group"u8);
        foreach (Receiver member in new[] { first, second })
        {
            using Message message = await member.ReceiveAsync();
            Assert.Equal("to the group", message.Text);
        }
    }

    [Fact]
    public async Task A_broadcast_needs_the_option_broadcast()
    {
        await using Receiver receiver = await Receiver.BindAsync("udp://0.0.0.0:0");
        Address everybody = $"udp://127.255.255.255:{receiver.Address.Port}";
        FairleadException refused = Assert.Throws<FairleadException>(() => Sender.Connect(everybody));
        output.WriteLine(refused.Message);
        Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        await using Sender sender = await Sender.ConnectAsync(everybody.With("broadcast", "true"));
        sender.Send("to all"u8);
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("to all", message.Text);
    }

    [ToolFact("nc")]
    public async Task Netcat_exchanges_messages_with_a_hub()
    {
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0?framing=none");
        await TalkAsync(hub, $"nc -u 127.0.0.1 {hub.Address.Port}");
    }

    [ToolFact("socat")]
    public async Task Socat_exchanges_messages_with_a_hub()
    {
        await using Hub hub = await Hub.BindAsync("udp://127.0.0.1:0?framing=none");
        await TalkAsync(hub, $"socat - UDP:127.0.0.1:{hub.Address.Port}");
    }

    [ToolFact("socat")]
    public async Task Socat_sends_Unix_datagrams_and_truncated_datagrams_are_counted()
    {
        string path = _directory["gram"];
        await using Receiver receiver = await Receiver.BindAsync($"unixgram://{path}?framing=none");
        using (Process socat = Process.Start(
            "sh", ["-c", $"printf hello | socat -u - UNIX-SENDTO:{path}; printf again | socat -u - UNIX-SENDTO:{path}"]))
        {
            await socat.WaitForExitAsync();
        }

        using Socket raw = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        raw.SendTo(new byte[70_000], new UnixDomainSocketEndPoint(path));
        raw.SendTo("behind"u8.ToArray(), new UnixDomainSocketEndPoint(path));
        foreach (string expected in new[] { "hello", "again", "behind" })
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(expected, message.Text);
        }

        Assert.Equal(1, receiver.Statistics.Dropped);
    }

    private static async Task TalkAsync(Hub hub, string command)
    {
        using Process program = Process.Start(
            new ProcessStartInfo("sh", ["-c", $"exec {command}"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            await program.StandardInput.WriteLineAsync("hello");
            await program.StandardInput.FlushAsync();
            HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
            HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
            Assert.Equal("hello\n", said.Message.Text);
            said.Message.Dispose();
            await hub.SendAsync(joined.Client, "answer\n"u8.ToArray());
            Assert.Equal("answer", await program.StandardOutput.ReadLineAsync());
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync();
        }
    }
}
