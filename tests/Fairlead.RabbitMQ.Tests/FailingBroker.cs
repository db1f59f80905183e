using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker that fails at the first declarations of a queue, as one does whose own processes end. It passes on all else.</summary>
internal sealed class FailingBroker : IDisposable
{
    private const int InternalError = 541;
    private const ushort ConnectionClass = 10;
    private const ushort CloseMethod = 50;
    private const ushort QueueClass = 50;
    private const ushort DeclareMethod = 10;
    private const byte MethodFrame = 1;
    private const byte FrameEnd = 0xCE;

    /// <summary>The bytes before a frame's content: its kind, its channel, the length.</summary>
    private const int HeadLength = 7;

    /// <summary>What a client says first, which is no frame.</summary>
    private const int GreetingLength = 8;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly string[] _node;
    private int _failures;

    /// <param name="failures">How many declarations fail.</param>
    public FailingBroker(int failures)
    {
        _node = Broker.Node.Split(':');
        _failures = failures;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The failures that no client has met yet.</summary>
    public int Left => Volatile.Read(ref _failures);

    /// <summary>Returns an address there.</summary>
    public Address Address(string name) => $"amqp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/?name={name}";

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using CancellationTokenRegistration ended = _end.Token.Register(client.Close);
        using (client)
        using (TcpClient broker = new())
        {
            await broker.ConnectAsync(_node[0], int.Parse(_node[1], CultureInfo.InvariantCulture), _end.Token);
            NetworkStream asking = client.GetStream();
            Task answering = broker.GetStream().CopyToAsync(asking, _end.Token);
            byte[] greeting = new byte[GreetingLength];
            await asking.ReadExactlyAsync(greeting, _end.Token);
            await broker.GetStream().WriteAsync(greeting, _end.Token);
            while (true)
            {
                byte[] head = new byte[HeadLength];
                await asking.ReadExactlyAsync(head, _end.Token);
                byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(3)) + 1];
                await asking.ReadExactlyAsync(rest, _end.Token);
                if (IsDeclaration(head, rest) && Interlocked.Decrement(ref _failures) >= 0)
                {
                    await asking.WriteAsync(Close(), _end.Token);

                    // The client confirms, and goes.
                    await asking.CopyToAsync(Stream.Null, _end.Token);
                    return;
                }

                await broker.GetStream().WriteAsync((byte[])[.. head, .. rest], _end.Token);
            }
        }
    }

    private static bool IsDeclaration(byte[] head, byte[] content) =>
        head[0] == MethodFrame
        && BinaryPrimitives.ReadUInt16BigEndian(content) == QueueClass
        && BinaryPrimitives.ReadUInt16BigEndian(content.AsSpan(2)) == DeclareMethod;

    /// <summary>The frame by which a broker closes a connection: number, text, and the method that it failed at.</summary>
    private static byte[] Close()
    {
        byte[] text = Encoding.UTF8.GetBytes("INTERNAL_ERROR");
        byte[] content =
        [
            .. Number(ConnectionClass), .. Number(CloseMethod), .. Number(InternalError), (byte)text.Length, .. text,
            .. Number(QueueClass), .. Number(DeclareMethod),
        ];
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        return [MethodFrame, .. Number(0), .. length, .. content, FrameEnd];
    }

    private static byte[] Number(ushort value)
    {
        byte[] bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }
}
