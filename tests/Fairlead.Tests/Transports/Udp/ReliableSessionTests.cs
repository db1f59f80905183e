using System.Net;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Transports;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A reliable session that cannot be created, or whose peer never uses it, leaves nothing behind.</summary>
public sealed class ReliableSessionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Resources_created_before_the_socket_is_refused_are_released()
    {
        CountedTimers time = new();

        // The kernel cannot watch a regular file.
        File.WriteAllText(_directory["file"], "");
        using var opened = File.OpenHandle(_directory["file"], FileMode.Open, FileAccess.ReadWrite);
        using Descriptor file = new((int)opened.DangerousGetHandle());
        opened.SetHandleAsInvalid();
        ReliableTerms terms = new(1, 2, 3, SegmentBuffers.Ordinary, 8, 8);

        Assert.Throws<FairleadException>(() => new ReliableSession(file, terms, time, new Peer()));

        Assert.Equal((1, 1), (time.Made, time.Disposed));
        Assert.False(file.IsClosed);
    }

    [Fact]
    public async Task A_successor_session_ends_if_its_peer_does_not_prove_its_address()
    {
        ManualClock time = new();
        Address address = "udp://127.0.0.1:0?reliable=true";
        EndpointSettings settings = EndpointSettings.From(
            address, new EndpointOptions { TimeProvider = time }, PatternKind.Hub, BuiltInTransports.Find(address));
        Descriptor bound = UdpSocket.Bind(address, out Address place, isReliable: true);
        using ReliableListener listener = new(place, bound, settings);
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 60_000 };
        raw.Connect(new IPEndPoint(IPAddress.Loopback, place.Port!.Value));

        ulong first = Open(raw, token: 1, Serve);
        raw.Send(Segment(first, next: 0));
        ReliableSession? proved = null;
        await Polling.Until(() => (proved = listener.TryAcceptSession()) is not null);
        using ReliableSession session = proved!;

        // It has the number of the next session, and acknowledges what that one has not sent.
        ulong second = Open(raw, token: 2, Serve);
        raw.Send(Segment(second, next: 5));
        await Polling.Until(() =>
        {
            Serve();
            return session.Read(new byte[16], out FillResult result) == 0 && result == FillResult.Broken;
        });
        await Polling.Until(() =>
        {
            time.Advance(ReliableCookies.Life);
            return raw.Available > 0 && Receive(raw) is { Kind: ReliableKind.Reset } reset && reset.Token == second;
        }).WaitAsync(TimeSpan.FromSeconds(60));

        void Serve() => listener.TryAcceptSession()?.Dispose();
    }

    [Fact]
    public async Task Data_that_arrived_before_the_peer_closed_is_read()
    {
        using ReliableSession session = AfterLastDataOfPeer();

        // The kernel answers that the port is closed. The error comes before the data.
        session.EndSending();
        session.Start();

        byte[] buffer = new byte[16];
        int read = 0;
        FillResult result = FillResult.Drained;
        await Polling.Until(() => (read = session.Read(buffer, out result)) > 0 || result == FillResult.Broken);
        Assert.Equal("last"u8, buffer.AsSpan(0, read));

        // The reactor's thread keeps the data, and then notes the error: this thread may read in between.
        await Polling.Until(() =>
        {
            Assert.Equal(0, session.Read(buffer, out result));
            return result == FillResult.Broken;
        });
    }

    [Fact]
    public async Task Arrived_data_is_read_although_a_send_noticed_first_that_the_peer_closed()
    {
        // The reactor reads nothing yet, because the session is not started.
        using ReliableSession session = AfterLastDataOfPeer();
        using OutputQueue output = new(RawFraming.Instance);
        await Polling.Until(() => Write() == FlushResult.Broken);

        byte[] buffer = new byte[16];
        int read = session.Read(buffer, out _);
        Assert.Equal("last"u8, buffer.AsSpan(0, read));
        Assert.Equal(0, session.Read(buffer, out FillResult result));
        Assert.Equal(FillResult.Broken, result);

        FlushResult Write()
        {
            output.Reserve(1)[0] = 1;
            output.Commit(MessageHeader.Of(MessageKind.Send) with { Length = 1 });
            return session.Write(output);
        }
    }

    /// <summary>Returns a session whose peer has sent "last" and closed its port.</summary>
    private static ReliableSession AfterLastDataOfPeer()
    {
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        raw.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Descriptor socket = NativeSocket.Create(AddressFamily.InterNetwork, NativeSocketType.Datagram);
        Assert.Equal(Errno.None, NativeSocket.Connect(socket, raw.LocalEndPoint!.Serialize()));
        raw.Connect(HostAddresses.EndPointOf(NativeSocket.LocalName(socket)));
        ReliableSession session = new(
            socket, new ReliableTerms(1, 2, 3, SegmentBuffers.Ordinary, 8, 8), TimeProvider.System, new Peer());
        byte[] datagram = [.. new byte[ReliableHeader.Size], .. "last"u8];
        new ReliableHeader(1, 0, 0, 0, 8, ReliableFlags.Segment).Write(datagram);
        raw.Send(datagram);
        return session;
    }

    private static byte[] Segment(ulong session, uint next)
    {
        byte[] datagram = new byte[ReliableHeader.Size];
        new ReliableHeader(session, 0, next, 0, 10, ReliableFlags.None).Write(datagram);
        return datagram;
    }

    /// <summary>Opens a session by hand, and returns its number.</summary>
    private static ulong Open(Socket raw, ulong token, Action serve)
    {
        ReliableControl hello = new() { Kind = ReliableKind.Hello, Number = SegmentBuffers.Ordinary, Window = 10, Token = token };
        ReliableControl cookie = Ask(raw, hello, ReliableKind.Cookie, serve);
        return Ask(
            raw,
            hello with { Kind = ReliableKind.Open, Time = cookie.Time, Cookie = cookie.Cookie },
            ReliableKind.Accept,
            serve).Cookie;
    }

    private static ReliableControl Ask(Socket raw, in ReliableControl question, ReliableKind expected, Action serve)
    {
        byte[] datagram = new byte[ReliableControl.Size];
        question.Write(datagram);
        raw.Send(datagram);
        serve();
        while (true)
        {
            ReliableControl answer = Receive(raw);
            if (answer.Kind == expected && answer.Token == question.Token)
            {
                return answer;
            }
        }
    }

    private static ReliableControl Receive(Socket raw)
    {
        byte[] datagram = new byte[2_000];
        int length = raw.Receive(datagram);
        ReliableControl.TryRead(datagram.AsSpan(0, length), out ReliableControl control);
        return control;
    }

    private sealed class CountedTimers : TimeProvider
    {
        public int Made { get; private set; }

        public int Disposed { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Made++;
            return new CountedTimer(this);
        }

        private sealed class CountedTimer(CountedTimers time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => time.Disposed++;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
