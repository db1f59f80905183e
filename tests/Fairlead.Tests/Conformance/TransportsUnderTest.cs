using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Conformance;

/// <summary>The transports by their schemes.</summary>
internal static class TransportsUnderTest
{
    public static TransportUnderTest Of(string scheme) => scheme switch
    {
        "fifo" => new FifoPairUnderTest(),
        "inproc" => new InprocUnderTest(),
        "shm" => new SharedMemoryUnderTest(),
        "tcp" => new TcpUnderTest(),
        "tls" => new TlsUnderTest(),
        "udp" => new ReliableUdpUnderTest(),
        "unix" => new UnixNameUnderTest(),
        "unixpacket" => new UnixPacketUnderTest(),
        _ => throw new ArgumentOutOfRangeException(nameof(scheme), scheme, "No transport under test has it."),
    };
}

internal sealed class InprocUnderTest : TransportUnderTest
{
    public override string Name => "inproc";

    public override bool ShowsSilentPeers => false;

    public override bool CrossesProcesses => false;

    public override Address NewPlace() => $"inproc://{NewName()}";
}

internal sealed class SharedMemoryUnderTest : TransportUnderTest
{
    public override string Name => "shm";

    public override bool IsWrittenAtOnce => true;

    public override SocketType? RawSocketType => SocketType.Stream;

    public override Address NewPlace() => $"shm://{NewName()}";

    public override IReadOnlyList<string> FilesOf(Address bound) => [NamedFile("shm", bound.Place)];

    public override Socket ConnectRaw(Address bound)
    {
        using Socket listener = Front(out EndPoint place);
        Socket raw = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        raw.Connect(place);
        Descriptor rendezvous = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream);
        Assert.Equal(Errno.None, NativeSocket.Connect(rendezvous, SocketName.Of(UnixEndpoint.PathOf(bound)).Address));
        RawRing.Carry(rendezvous, listener.Accept());
        return raw;
    }

    public override (Socket Listener, Address Address) ListenRaw()
    {
        Address address = NewPlace();
        Socket front = Front(out EndPoint place);
        SocketFile file = SocketFile.Bind(UnixEndpoint.PathOf(address), NativeSocketType.Stream, 64, address);
        Bridging.Start(() => CarryAll(file, place));
        return (front, address);
    }

    private static void CarryAll(SocketFile file, EndPoint place)
    {
        while (true)
        {
            BlockingWait.Wait(file.Listener, PollEvents.Read, Timeout.InfiniteTimeSpan);
            if (NativeSocket.Accept(file.Listener, out _) is { } rendezvous)
            {
                Socket near = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    near.Connect(place);
                    RawRing.Carry(rendezvous, near);
                }
                catch (Exception gone) when (Bridging.WasCut(gone))
                {
                    // The test no longer listens, or its client has left.
                    near.Dispose();
                    rendezvous.Dispose();
                }
            }
        }
    }

    private static Socket Front(out EndPoint place)
    {
        place = new UnixDomainSocketEndPoint("\0" + NewName());
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(place);
        listener.Listen(64);
        return listener;
    }
}

/// <summary>The base class for Unix sockets: raw sockets reach them by the path, or by the abstract name.</summary>
internal abstract class UnixUnderTest(SocketType type) : TransportUnderTest
{
    public override SocketType? RawSocketType => type;

    public override bool CarriesHandles => type == SocketType.Stream;

    public override Socket ConnectRaw(Address bound)
    {
        Socket socket = NewSocket();
        socket.Connect(EndPointOf(bound));
        return socket;
    }

    public override (Socket Listener, Address Address) ListenRaw()
    {
        Address address = NewPlace();
        Socket listener = NewSocket();
        EndPoint place = EndPointOf(address);
        listener.Bind(place);
        listener.Listen(64);
        return (listener, address);
    }

    private Socket NewSocket() => new(AddressFamily.Unix, type, ProtocolType.Unspecified);

    private static UnixDomainSocketEndPoint EndPointOf(Address address) =>
        new(address.IsAbstract ? "\0" + address.Place[1..] : UnixEndpoint.PathOf(address));
}

internal sealed class UnixNameUnderTest() : UnixUnderTest(SocketType.Stream)
{
    public override string Name => "unix://name";

    public override Address NewPlace() => $"unix://{NewName()}";

    public override IReadOnlyList<string> FilesOf(Address bound) => [NamedFile("unix", bound.Place)];
}

internal sealed class UnixPathUnderTest() : UnixUnderTest(SocketType.Stream)
{
    public override string Name => "unix:///path";

    public override Address NewPlace() => $"unix://{PrivateDirectories.Sockets}/{NewName()}";

    public override IReadOnlyList<string> FilesOf(Address bound) => [bound.Place];
}

internal sealed class UnixAbstractUnderTest() : UnixUnderTest(SocketType.Stream)
{
    public override string Name => "unix://@abstract";

    public override Address NewPlace() => $"unix://@fairlead-{NewName()}";
}

internal sealed class UnixPacketUnderTest() : UnixUnderTest(SocketType.Seqpacket)
{
    public override string Name => "unixpacket";

    public override bool KeepsBoundaries => true;

    public override Address NewPlace() => $"unixpacket://{NewName()}";

    public override IReadOnlyList<string> FilesOf(Address bound) => [NamedFile("unixpacket", bound.Place)];
}

internal sealed class FifoUnderTest : TransportUnderTest
{
    public override string Name => "fifo";

    public override bool IsDuplex => false;

    public override bool KnowsPeer => false;

    public override int LongestMessage => 4080;

    public override bool CarriesAnswers => false;

    public override Address NewPlace() => $"fifo://{NewName()}";
}

/// <summary>One writer: messages of any length.</summary>
internal sealed class FifoPathUnderTest : TransportUnderTest
{
    public override string Name => "fifo:///path?writers=1";

    public override bool IsDuplex => false;

    public override bool KnowsPeer => false;

    public override bool CarriesAnswers => false;

    public override Address NewPlace() => $"fifo://{PrivateDirectories.Sockets}/{NewName()}?writers=1";
}

internal sealed class FifoPairUnderTest : TransportUnderTest
{
    public override string Name => "fifo://a,b";

    public override bool ShowsSilentPeers => false;

    public override bool ServesMany => false;

    public override bool KnowsPeer => false;

    public override Address NewPlace()
    {
        string name = NewName();
        return $"fifo://{name}.a,{name}.b";
    }

    public override IReadOnlyList<string> FilesOf(Address bound) =>
        [.. bound.Place.Split(',').Select(static name => NamedFile("fifo", name))];
}

internal sealed class LogUnderTest : TransportUnderTest
{
    public override string Name => "log";

    public override bool KnowsPeer => false;

    public override bool HasPeers => false;

    public override bool CarriesAnswers => false;

    public override Address NewPlace() => $"log://{PrivateDirectories.Logs}/{NewName()}?segment=1MiB";
}

internal sealed class UnixDatagramUnderTest : TransportUnderTest
{
    public override string Name => "unixgram";

    public override bool IsDuplex => false;

    public override bool KnowsPeer => false;

    public override bool SendersBind => false;

    public override int LongestMessage => (64 * 1024) - 16;

    public override bool CarriesAnswers => false;

    public override Address NewPlace() => $"unixgram://{NewName()}";
}

internal sealed class UnixDatagramAbstractUnderTest : TransportUnderTest
{
    public override string Name => "unixgram://@abstract";

    public override bool IsDuplex => false;

    public override bool KnowsPeer => false;

    public override bool SendersBind => false;

    public override int LongestMessage => (64 * 1024) - 16;

    public override bool CarriesAnswers => false;

    public override Address NewPlace() => $"unixgram://@fairlead-{NewName()}";
}

internal class TcpUnderTest : TransportUnderTest
{
    public override string Name => "tcp";

    public override bool IsNetwork => true;

    public override bool KnowsPeer => false;

    public override SocketType? RawSocketType => SocketType.Stream;

    public override Address NewPlace() => "tcp://127.0.0.1:0";

    public override Socket ConnectRaw(Address bound)
    {
        // A buffer of fixed size: otherwise the kernel accepts unread data without a practical limit.
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = 128 * 1024,
        };
        socket.Connect(IPAddress.Loopback, bound.Port!.Value);
        return socket;
    }

    public override (Socket Listener, Address Address) ListenRaw()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        return (listener, $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}");
    }
}

/// <summary>With certificates of both ends, which the environment names.</summary>
internal class TlsUnderTest : TransportUnderTest
{
    public TlsUnderTest() => _ = TrialCertificates.OfRun;

    public override int ManyConnections => 300;

    public override string Name => "tls";

    public override bool IsNetwork => true;

    public override bool KnowsPeer => false;

    public override SocketType? RawSocketType => SocketType.Stream;

    public override Address NewPlace() => "tls://127.0.0.1:0";

    public override Socket ConnectRaw(Address bound) => TlsBridge.Connect(bound);

    public override (Socket Listener, Address Address) ListenRaw() => TlsBridge.ListenEncrypted();
}

internal sealed class TlsFixedPortUnderTest : TlsUnderTest
{
    public override Address NewPlace() =>
        string.Create(CultureInfo.InvariantCulture, $"tls://127.0.0.1:{FixedPortUnderTest.NewPort(SocketType.Stream)}");
}

internal class ReliableUdpUnderTest : TransportUnderTest
{
    public override string Name => "udp?reliable=true";

    public override bool IsNetwork => true;

    public override bool KnowsPeer => false;

    public override SocketType? RawSocketType => SocketType.Stream;

    public override Address NewPlace() => "udp://127.0.0.1:0?reliable=true";

    public override Socket ConnectRaw(Address bound) => ReliableBridge.Connect(With(bound));

    public override (Socket Listener, Address Address) ListenRaw() => ReliableBridge.ListenReliably();

    private static Address With(Address bound) => $"udp://127.0.0.1:{bound.Port}?reliable=true";
}

/// <summary>On ports outside the kernel's ephemeral range.</summary>
/// <param name="options">The options of all its addresses, each after an ampersand.</param>
internal sealed class FixedReliableUdpUnderTest(string options = "") : ReliableUdpUnderTest
{
    public override Address NewPlace() =>
        string.Create(
            CultureInfo.InvariantCulture, $"udp://127.0.0.1:{FixedPortUnderTest.NewPort(SocketType.Dgram)}?reliable=true{options}");
}
