using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker that falls silent: it passes on a few frames of a real one, and then keeps the connection open.</summary>
internal sealed class MuteBroker : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly string[] _node;
    private CancellationTokenSource _lost = new();
    private int _frames;
    private int _connections;

    /// <param name="frames">The number of frames that a client gets before the silence, on each connection.</param>
    public MuteBroker(int frames)
    {
        // Started before the first client measures its time.
        _node = Broker.Node.Split(':');
        _frames = frames;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The number of connections that it has accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Returns an address there.</summary>
    public Address Address(string options = "") => $"amqp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/?name=mute{options}";

    /// <summary>Says everything on later connections.</summary>
    public void Speak() => Volatile.Write(ref _frames, int.MaxValue);

    /// <summary>Ends all connections, and says nothing on later ones.</summary>
    public void LoseAll()
    {
        Volatile.Write(ref _frames, 0);
        Interlocked.Exchange(ref _lost, new CancellationTokenSource()).Cancel();
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
            Interlocked.Increment(ref _connections);
            _ = ServeAsync(client, Volatile.Read(ref _frames), _lost.Token);
        }
    }

    private async Task ServeAsync(TcpClient client, int frames, CancellationToken lost)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, lost);
        using CancellationTokenRegistration ended = end.Token.Register(client.Close);
        using (client)
        using (TcpClient broker = new())
        {
            await broker.ConnectAsync(_node[0], int.Parse(_node[1], CultureInfo.InvariantCulture), _end.Token);
            Task asking = client.GetStream().CopyToAsync(broker.GetStream(), _end.Token);
            for (int i = 0; i < frames; i++)
            {
                byte[] head = new byte[7];
                await broker.GetStream().ReadExactlyAsync(head, _end.Token);
                byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(3)) + 1];
                await broker.GetStream().ReadExactlyAsync(rest, _end.Token);
                await client.GetStream().WriteAsync((byte[])[.. head, .. rest], _end.Token);
            }

            await asking;
        }
    }
}
