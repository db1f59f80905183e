using System.Net.Sockets;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <content>Breaches of the protocol after a valid handshake.</content>
public abstract partial class HostileContract
{
    private const byte ProtocolErrorOrLimit = 0;

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task A_peer_that_breaks_the_protocol_gets_the_reason_and_is_disconnected(string what, byte expected)
    {
        await using Witness witness = await WitnessAsync("messages=20&capacity=64KiB");
        using RawPeer raw = RawPeer.Introduce(Transport, witness.Receiver.Address, "Sender");
        Track(raw);
        raw.Send(Send, "before"u8.ToArray());

        try
        {
            Breach(raw, what);
        }
        catch (SocketException)
        {
            // It was disconnected before it had finished.
        }

        (byte Kind, byte Flags, byte[] Body)? goodbye = await OnThread(raw.ReadToEnd);
        if (goodbye is { } frame)
        {
            Output.WriteLine($"{what}: {Encoding.UTF8.GetString(frame.Body.AsSpan(1))}");
            Assert.Equal(Close, frame.Kind);
            Assert.Equal(0, frame.Flags);
            Assert.True(
                frame.Body[0] == expected || (expected == ProtocolErrorOrLimit && frame.Body[0] is ProtocolError or Limit),
                $"The reason was {frame.Body[0]}.");
        }
        else
        {
            // A reset connection may lose the goodbye if the peer is still sending.
            Assert.True(Transport.IsNetwork);
        }

        // Messages before the breach arrived.
        using Message message = await witness.Receiver.ReceiveAsync();
        Assert.Equal("before", message.Text);
        await witness.IsServedAsync(skipOthers: true);
    }

    [Fact]
    public async Task A_publisher_that_never_answers_delays_no_subscription_at_the_others()
    {
        Subscriber subscriber = Track(await Subscriber.BindAsync(NewPlace(), "first"));
        using RawPeer before = Track(RawPeer.Introduce(Transport, subscriber.Address, "Publisher"));
        Publisher publisher = Track(await Publisher.ConnectAsync(Bare(subscriber.Address)));
        using RawPeer behind = Track(RawPeer.Introduce(Transport, subscriber.Address, "Publisher"));
        await publisher.WaitForSubscribersAsync("first");

        using CancellationTokenSource cancel = new();
        Task asking = subscriber.SubscribeAsync("later", cancel.Token).AsTask();
        Assert.Equal(1, await publisher.WaitForSubscribersAsync("later", 1, 30.Seconds()));
        Assert.False(asking.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_peer_that_ends_in_the_middle_of_a_frame_counts_as_dead()
    {
        Hub hub = Track(await Hub.BindAsync(NewPlace()));
        foreach (int cut in new[] { 1, 15, 16, 17, 500 })
        {
            using RawPeer raw = RawPeer.Introduce(Transport, hub.Address, "Pair");
            HubClient client = Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client;
            raw.Send(Send, "whole"u8.ToArray());
            byte[] frame = new byte[16 + 1_000];
            frame[2] = 1_000 >> 8;
            frame[3] = 1_000 & 255;
            frame[4] = Send;
            raw.SendBytes(frame.AsSpan(0, cut));
            raw.Socket.Dispose();

            HubEvent.Said said = Assert.IsType<HubEvent.Said>(hub.NextEvent());
            Assert.Equal("whole", said.Message.Text);
            said.Message.Dispose();
            HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());

            // If the kernel keeps packets apart, a part of a header is a whole packet, and not a valid header.
            Assert.Equal(
                (client, Transport.KeepsBoundaries && cut < 16 ? CloseReason.ProtocolError : CloseReason.PeerDied),
                (left.Client, left.Reason));
        }

        Track(await Pair.ConnectAsync(Bare(hub.Address))).Send("served"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message.Dispose();
    }

    [Fact]
    public async Task An_allowed_length_for_which_memory_is_missing_ends_only_its_connection()
    {
        await using Witness witness = await WitnessAsync();
        foreach (uint length in new[] { 0x7FFF_FFBFu, 0x7FFF_FF00u, 0x7FFF_FFC7u, 0x7FFF_FFFFu, 0x8000_0000u })
        {
            using RawPeer raw = RawPeer.Introduce(Transport, witness.Receiver.Address, "Sender");
            raw.Send(Send, "before"u8.ToArray());
            raw.SendHeader(Send, length);
            using Message message = await witness.Receiver.ReceiveAsync();
            Assert.Equal("before", message.Text);
            await witness.IsServedAsync();
        }
    }

    [Fact]
    public async Task Frames_for_unknown_ids_or_another_pattern_are_ignored()
    {
        await using Witness witness = await WitnessAsync();
        using RawPeer raw = RawPeer.Introduce(Transport, witness.Receiver.Address, "Sender");
        Track(raw);

        raw.Send(Receipt, [0], id: 77);
        raw.Send(Reply, [1, 2, 3], id: 78);
        raw.Send(Error, [], id: 79);
        raw.Send(Cancel, [], id: 80);
        raw.Send(Ack, []);
        raw.Send(Pong, []);
        raw.Send(Subscribe, "a.b"u8.ToArray(), id: 81);
        raw.Send(Ping, []);
        raw.Send(Deliver, "still here"u8.ToArray(), id: 5);

        using (Message message = await witness.Receiver.ReceiveAsync())
        {
            Assert.Equal("still here", message.Text);
            message.Accept();
        }

        List<byte> answers = [];
        await OnThread(() =>
        {
            while (answers.Count < 3)
            {
                (byte kind, _, byte[] body) = raw.Read()!.Value;
                if (kind != Ack)
                {
                    answers.Add(kind);
                    Output.WriteLine($"{kind}: {Encoding.UTF8.GetString(body)}");
                }
            }
        });
        Assert.Equal([Receipt, Pong, Receipt], answers);
        await witness.IsServedAsync();
    }

    [Fact]
    public async Task A_server_that_breaks_the_rules_ends_the_connection_with_a_clear_error()
    {
        foreach ((byte kind, uint length, ErrorCode code) in new[]
            {
                (Request, 0u, ErrorCode.Corrupt),
                ((byte)99, 0u, ErrorCode.Corrupt),
                (Send, 0xFFFF_FFFF, ErrorCode.TooLarge),
            })
        {
            (Socket listener, Address address) = Transport.ListenRaw();
            using Socket _ = listener;
            Task<Receiver> connecting = Receiver.ConnectAsync(address).AsTask();
            using RawPeer raw = Track(new RawPeer(await listener.AcceptAsync()));
            await OnThread(raw.Read);
            raw.SayHello("Sender", kind: 'W');
            Receiver receiver = Track(await connecting);
            raw.Send(Send, "fine"u8.ToArray());
            raw.SendHeader(kind, length);

            using (Message message = await receiver.ReceiveAsync())
            {
                Assert.Equal("fine", message.Text);
            }

            FairleadException error = await FailsAsync(code, async () => await receiver.ReceiveAsync());
            Output.WriteLine(error.Message);
            Fails(code, () => receiver.Receive());
            (byte Kind, byte Flags, byte[] Body)? goodbye = await OnThread(raw.ReadToEnd);
            Assert.Equal(Close, goodbye!.Value.Kind);
        }
    }

    [Fact]
    public async Task A_publication_without_a_valid_topic_is_a_protocol_error()
    {
        foreach (byte[] head in new byte[][]
            {
                [],
                [3, 0, 0],
                [3, 4, 1, .. Enumerable.Repeat((byte)'t', 1_025)],
                [4, 0, 8, 0xFF, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, (byte)'t'],
            })
        {
            (Socket listener, Address address) = Transport.ListenRaw();
            using Socket _ = listener;
            Task<Subscriber> connecting = Subscriber.ConnectAsync(address, "t").AsTask();
            using RawPeer raw = Track(new RawPeer(await listener.AcceptAsync()));
            await OnThread(raw.Read);
            raw.SayHello("Publisher", kind: 'W');
            raw.Send(Receipt, [0], id: (await OnThread(raw.ReadHeader))!.Value);
            Subscriber subscriber = Track(await connecting);
            raw.Send(Publish, "x"u8.ToArray(), head: head);

            Output.WriteLine((await FailsAsync(ErrorCode.Corrupt, async () => await subscriber.ReceiveAsync())).Message);
        }
    }

    private static void Breach(RawPeer raw, string what)
    {
        switch (what)
        {
            case "a length beyond everything":
                raw.SendHeader(Send, 0xFFFF_FFFF);
                break;
            case "a head that is longer than its frame":
                raw.SendHeader(Send, 3, headLength: 4);
                break;
            case "a head whose field reaches beyond it":
                raw.Send(Send, [1, 2, 3], head: [1, 0, 9, 1]);
                break;
            case "an unknown kind":
                raw.Send(99, []);
                break;
            case "a kind of this process alone":
                raw.Send(0xF2, []);
                break;
            case "a request to a receiver":
                raw.Send(Request, [1], id: 1);
                break;
            case "a published message to a receiver":
                raw.Send(Publish, [1], head: [3, 0, 1, (byte)'t']);
                break;
            case "a second hello":
                raw.SayHello("Sender");
                break;
            case "acknowledgements of what was never sent":
                raw.Send(Ack, [], ack: 3);
                break;
            case "more messages than there is credit for":
                for (int i = 0; i < 30; i++)
                {
                    raw.Send(Send, [1]);
                }

                break;
            case "more bytes than there is credit for":
                for (int i = 0; i < 10; i++)
                {
                    raw.Send(Send, new byte[30_000]);
                }

                break;
            case "a message after its own goodbye":
                raw.Send(Close, [0], flags: 4);
                raw.Send(Send, [1]);
                break;
            default:
                throw new InvalidOperationException(what);
        }
    }
}
