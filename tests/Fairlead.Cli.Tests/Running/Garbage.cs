using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Tests.Running;

/// <summary>Garbage of strangers for a service, and the honest client that asks after them.</summary>
internal sealed class Garbage(ServiceKind kind)
{
    public const string DatePattern = @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$";

    private const int LongestWait = 60_000;
    private const int LongLine = 1 << 20;

    private static readonly byte[] HalfALine = "half a li"u8.ToArray();

    /// <summary>The clients of a stream socket.</summary>
    public static Action<Socket>[] OfStreams => [SendNoise, SendHalfALine, SendLongLine, SendNothing, Reset];

    /// <summary>The clients of a socket that keeps the bounds of packets.</summary>
    public static Action<Socket>[] OfPackets =>
    [
        static socket => socket.Send(Noise(1)),
        static socket => socket.Send(Noise(32 * 1024)),
        SendHalfALine,
        static socket => socket.Send(Noise(0)),
        SendNothing,
        Reset,
    ];

    /// <summary>Connects a socket, which sends and receives at most for a minute.</summary>
    /// <param name="place">The server.</param>
    /// <param name="type">The type of the socket.</param>
    /// <param name="own">The name of a Unix datagram socket that wants an answer.</param>
    public static Socket Connect(EndPoint place, SocketType type, string? own = null)
    {
        Socket socket = new(place.AddressFamily, type, ProtocolType.Unspecified)
        {
            ReceiveTimeout = LongestWait,
            SendTimeout = LongestWait,
        };
        if (own is not null)
        {
            socket.Bind(new UnixDomainSocketEndPoint(own));
        }

        socket.Connect(place);
        return socket;
    }

    public static void SendDatagrams(Socket socket)
    {
        socket.Send(Noise(0));
        socket.Send(Noise(1));
        socket.Send(Noise(512));
        socket.Send(HalfALine);
        socket.Send(Noise(60_000));
        socket.Send(Noise(0));
    }

    /// <summary>Asks at a new stream, and checks the answer.</summary>
    public void CheckStream(EndPoint place)
    {
        using var socket = Connect(place, SocketType.Stream);
        switch (kind)
        {
            case ServiceKind.Discard:
                socket.Send(HalfALine);
                socket.Shutdown(SocketShutdown.Send);
                Assert.Equal(0, socket.Receive(new byte[1]));
                break;
            case ServiceKind.Chargen:
                CheckAnswer(Read(socket, Service.LineLength));
                break;
            case ServiceKind.Echo:
                socket.Send(HalfALine);
                CheckAnswer(Read(socket, HalfALine.Length));
                break;
            default:
                CheckAnswer(Read(socket, int.MaxValue));
                break;
        }
    }

    /// <summary>Asks by one packet, and checks the answer.</summary>
    public void CheckMessage(Socket socket)
    {
        socket.Send(HalfALine);
        if (kind != ServiceKind.Discard)
        {
            var answer = new byte[LongLine];
            CheckAnswer(answer[..socket.Receive(answer)]);
        }
    }

    private void CheckAnswer(byte[] answer)
    {
        var text = Encoding.ASCII.GetString(answer);
        switch (kind)
        {
            case ServiceKind.Echo:
                Assert.Equal(HalfALine, answer);
                break;
            case ServiceKind.Chargen:
                Assert.Matches(@"^[ -~]{72}\r\n$", text);
                break;
            case ServiceKind.Date:
                Assert.Matches(DatePattern, Assert.Single(text.Split('\0', StringSplitOptions.RemoveEmptyEntries)));
                break;
            case ServiceKind.Daytime:
                Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
                break;
            case ServiceKind.Time:
                Assert.Equal(4, answer.Length);
                break;
            default:
                Assert.Fail($"the test does not know what {kind} answers");
                break;
        }
    }

    private static byte[] Read(Socket socket, int most)
    {
        using MemoryStream got = new();
        var buffer = new byte[1024];
        while (got.Length < most
            && socket.Receive(buffer, (int)Math.Min(buffer.Length, most - got.Length), SocketFlags.None) is > 0 and var read)
        {
            got.Write(buffer, 0, read);
        }

        return got.ToArray();
    }

    private static byte[] Noise(int length)
    {
        var noise = new byte[length];
        Random.Shared.NextBytes(noise);
        return noise;
    }

    private static void SendNoise(Socket socket) => SendUnread(socket, Noise(4096));

    private static void SendHalfALine(Socket socket) => SendUnread(socket, HalfALine);

    private static void SendNothing(Socket socket) => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends a mebibyte without an end of line, and reads no answer: as much of it as the server and the kernel take.</summary>
    private static void SendLongLine(Socket socket)
    {
        var line = new byte[LongLine];
        Array.Fill(line, (byte)'x');
        SendUnread(socket, line);
    }

    private static void Reset(Socket socket)
    {
        SendUnread(socket, HalfALine);
        socket.LingerState = new LingerOption(true, 0);
    }

    /// <summary>Sends what the socket takes. The server may have answered and closed already.</summary>
    private static void SendUnread(Socket socket, byte[] bytes)
    {
        socket.Blocking = false;
        for (var sent = 0; sent < bytes.Length;)
        {
            var now = socket.Send(bytes, sent, bytes.Length - sent, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                Assert.Contains(error, new[] { SocketError.WouldBlock, SocketError.ConnectionReset, SocketError.Shutdown });
                return;
            }

            sent += now;
        }
    }
}
