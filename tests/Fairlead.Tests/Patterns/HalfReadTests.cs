using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>
/// A peer that answers a request that it cannot have read: it is disconnected, and the caller learns the outcome of the call at once.
/// </summary>
public sealed class HalfReadTests(ITestOutputHelper output) : WatchedTest(output)
{
    // Far more than any kernel buffers between two ends.
    private static readonly byte[] Long = new byte[64 * 1024 * 1024];

    private const byte Receipt = 3;
    private const byte Reply = 5;
    private const byte Error = 6;
    private const byte Ack = 11;

    public static TheoryData<string, byte> Answers
    {
        get
        {
            TheoryData<string, byte> all = [];
            foreach (string transport in new[] { "unix", "unixpacket", "tcp" })
            {
                foreach (byte answer in new[] { Receipt, Reply, Error, Ack })
                {
                    all.Add(transport, answer);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_call_that_is_answered_before_it_was_sent_completely_is_not_delivered(string name, byte answer)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(name);
        if (answer is Reply or Error)
        {
            // Connected: a bound one would wait for the next peer, because the request was not carried out.
            (Socket listener, Address address) = transport.ListenRaw();
            using Socket _ = listener;
            Task<Requester> connecting = Requester.ConnectAsync(address).AsTask();
            using RawPeer raw = Track(new RawPeer(await listener.AcceptAsync()));
            await OnThread(raw.Read);
            raw.SayHello("Responder", kind: 'W');
            Requester requester = Track(await connecting);
            Task<Message> asking = requester.RequestAsync(Long).AsTask();
            await AnswerHalfAsync(raw, answer, [0, .. "done"u8]);
            FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => asking);
            Output.WriteLine(error.Message);
            Assert.Equal((ErrorCode.Corrupt, DeliveryStatus.NotDelivered), (error.Code, error.Delivery));
        }
        else
        {
            Sender sender = Track(await Sender.BindAsync(transport.NewPlace()));
            using RawPeer raw = Track(RawPeer.Introduce(transport, sender.Address, "Receiver"));
            Task<Delivery> delivering = sender.DeliverAsync(Long).AsTask();
            await AnswerHalfAsync(raw, answer, answer == Ack ? [] : [0]);
            Delivery delivery = await delivering;
            Output.WriteLine($"{delivery}");
            Assert.Equal(DeliveryStatus.NotDelivered, delivery.Status);
        }
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("tcp")]
    public async Task A_message_that_is_acknowledged_before_it_was_sent_completely_does_not_count_as_read(string name)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(name);
        Sender sender = Track(await Sender.BindAsync(transport.NewPlace()));
        using RawPeer raw = Track(RawPeer.Introduce(transport, sender.Address, "Receiver"));
        Task sending = sender.SendAsync(Long).AsTask();
        await AnswerHalfAsync(raw, Ack, []);
        try
        {
            await sending;
        }
        catch (FairleadException error)
        {
            Output.WriteLine(error.Message);
        }

        await Until(() => sender.Peers.Count == 0, "the peer is sent away");
        CloseReport report = await sender.CloseAsync();
        Output.WriteLine($"{report}");
        Assert.Equal(0, report.Acknowledged);
        Assert.False(report.IsComplete);
    }

    [Theory]
    [InlineData("unix", Reply)]
    [InlineData("tcp", Reply)]
    [InlineData("unixpacket", Error)]
    public async Task An_answer_of_the_wrong_kind_is_no_answer(string name, byte answer)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(name);
        Sender sender = Track(await Sender.BindAsync(transport.NewPlace()));
        using RawPeer raw = Track(RawPeer.Introduce(transport, sender.Address, "Receiver"));
        Task<Delivery> delivering = sender.DeliverAsync("short"u8.ToArray()).AsTask();
        uint id = await OnThread(raw.ReadHeader) ?? throw new EndOfStreamException();
        raw.Send(answer, [0], id: id, ack: 1);
        Delivery delivery = await delivering;
        Assert.Equal(DeliveryStatus.Unknown, delivery.Status);
        Assert.Null(await OnThread(() => ReadPast(raw)));
    }

    [Fact]
    public async Task A_packet_that_the_kernel_cuts_is_refused()
    {
        UnixPacketUnderTest transport = new();
        Hub hub = Track(await Hub.BindAsync(transport.NewPlace()));
        using RawPeer raw = Track(RawPeer.Introduce(transport, hub.Address, "Pair"));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());

        // The kernel's default buffer is smaller than such a packet.
        raw.Socket.SendBufferSize = 1024 * 1024;
        byte[] packet = new byte[270_000 + MessageHeader.Size];
        MessageHeader header = MessageHeader.Of(MessageKind.Send);
        header.Length = 270_000;
        header.Write(packet);
        int sent = raw.Socket.Send(packet);
        Assert.Equal(packet.Length, sent);
        try
        {
            raw.SendBytes(new byte[packet.Length - (256 * 1024)]);
        }
        catch (SocketException)
        {
            // Already disconnected.
        }

        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent());
        Assert.Equal(CloseReason.Limit, left.Reason);
    }

    /// <summary>Reads the header, and the rest of the buffer with it, and answers as if that were all.</summary>
    private static async Task AnswerHalfAsync(RawPeer raw, byte answer, byte[] body)
    {
        uint id = await OnThread(raw.ReadHeader) ?? throw new EndOfStreamException();

        // An answer suffices: it need not acknowledge anything.
        raw.Send(answer, body, id: answer == Ack ? 0 : id, ack: answer == Ack ? 1u : 0u);
    }

    private static (byte Kind, byte Flags, byte[] Body)? ReadPast(RawPeer raw)
    {
        _ = raw.ReadToEnd();
        return raw.Read();
    }
}
