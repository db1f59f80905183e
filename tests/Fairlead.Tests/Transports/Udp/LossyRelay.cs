using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>
/// Stands between two ends of udp://, in both directions, like a bad network: it randomly loses, duplicates and delays datagrams.
/// </summary>
internal sealed class LossyRelay : IDisposable
{
    private const int LatestMilliseconds = 20;

    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly double _trouble;
    private readonly IPEndPoint _target;
    private readonly Socket _front;
    private readonly ConcurrentDictionary<IPEndPoint, Socket> _behind = new();
    private readonly PriorityQueue<(Socket From, IPEndPoint? To, byte[] Datagram), long> _late = new();
    private volatile bool _isDisposed;
    private volatile bool _isCut;
    private Socket? _shared;
    private IPEndPoint? _newest;
    private int _seen;
    private int _lost;

    /// <param name="target">The bound address.</param>
    /// <param name="seed">The seed of its random numbers.</param>
    /// <param name="trouble">
    /// The fraction of all datagrams that is lost, the fraction of the rest that is duplicated, and the fraction that comes late.
    /// </param>
    public LossyRelay(Address target, int seed, double trouble)
    {
        _random = new Random(seed);
        _trouble = trouble;
        _target = new IPEndPoint(IPAddress.Loopback, target.Port!.Value);
        _front = Bound();
        Address = $"udp://127.0.0.1:{((IPEndPoint)_front.LocalEndPoint!).Port}?reliable=true";
        new Thread(Forward) { IsBackground = true }.Start();
        new Thread(LetLateOnesGo) { IsBackground = true }.Start();
    }

    /// <summary>The address to connect to instead.</summary>
    public Address Address { get; }

    /// <summary>The numbers of datagrams that came, and that were lost.</summary>
    public (int Seen, int Lost) Counts => (Volatile.Read(ref _seen), Volatile.Read(ref _lost));

    /// <summary>
    /// Whether all datagrams come from one address, as from clients that return at the same port; answers go to the newest.
    /// </summary>
    public bool SharesSource { get; init; }

    /// <summary>Whether the relay drops everything.</summary>
    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    /// <summary>The datagrams towards the target, for tests that send them again.</summary>
    public ConcurrentQueue<byte[]> Recorded { get; } = new();

    /// <summary>Sends all datagrams towards the target once more, from the same address.</summary>
    public void Repeat()
    {
        byte[][] all = [.. Recorded];
        foreach (byte[] datagram in all)
        {
            Send(_behind.Values.First(), null, datagram);
        }
    }

    /// <summary>Sends another program's datagram from the address of the first client.</summary>
    public void Inject(byte[] datagram) => Send(_behind.Values.First(), null, datagram);

    public void Dispose()
    {
        _isDisposed = true;
        lock (_gate)
        {
            _late.Clear();
        }

        _front.Dispose();
        foreach (Socket socket in _behind.Values)
        {
            socket.Dispose();
        }
    }

    private static Socket Bound()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private void Forward()
    {
        byte[] buffer = new byte[65_536];
        try
        {
            while (true)
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                int count = _front.ReceiveFrom(buffer, ref from);
                Recorded.Enqueue(buffer[..count]);
                _newest = (IPEndPoint)from;
                Pass(_behind.GetOrAdd((IPEndPoint)from, Open), null, buffer[..count]);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private Socket Open(IPEndPoint client)
    {
        if (SharesSource && _shared is not null)
        {
            return _shared;
        }

        Socket socket = Bound();
        _shared = socket;
        socket.Connect(_target);
        new Thread(() => Back(socket, client)) { IsBackground = true }.Start();
        return socket;
    }

    private void Back(Socket socket, IPEndPoint client)
    {
        byte[] buffer = new byte[65_536];
        while (!_isDisposed)
        {
            try
            {
                int count = socket.Receive(buffer);
                Pass(_front, SharesSource ? _newest : client, buffer[..count]);
            }
            catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // No one is there now; a peer may come later.
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Pass(Socket from, IPEndPoint? to, byte[] datagram)
    {
        lock (_gate)
        {
            _seen++;
            if (_isCut || _random.NextDouble() < _trouble)
            {
                _lost++;
                return;
            }

            for (int copies = _random.NextDouble() < _trouble ? 2 : 1; copies > 0; copies--)
            {
                if (_random.NextDouble() < _trouble)
                {
                    _late.Enqueue((from, to, datagram), Environment.TickCount64 + _random.Next(1, LatestMilliseconds));
                    Monitor.Enter(_late);
                    Monitor.Pulse(_late);
                    Monitor.Exit(_late);
                }
                else
                {
                    Send(from, to, datagram);
                }
            }
        }
    }

    private void LetLateOnesGo()
    {
        while (!_isDisposed)
        {
            lock (_late)
            {
                // Checked each millisecond: the delay is random, and no test depends on it.
                Monitor.Wait(_late, 1);
            }

            lock (_gate)
            {
                while (
                    _late.TryPeek(out (Socket From, IPEndPoint? To, byte[] Datagram) one, out long due) && due <= Environment.TickCount64)
                {
                    _late.Dequeue();
                    Send(one.From, one.To, one.Datagram);
                }
            }
        }
    }

    private static void Send(Socket from, IPEndPoint? to, byte[] datagram)
    {
        try
        {
            _ = to is null ? from.Send(datagram) : from.SendTo(datagram, to);
        }
        catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
        {
            // A network would lose it, too.
        }
    }
}
