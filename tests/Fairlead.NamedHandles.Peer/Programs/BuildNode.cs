using System.IO.MemoryMappedFiles;
using System.Text;

namespace Programs;

/// <summary>
/// A host of a build and its node, which exchange texts of any length by a map, a piece at a time, with an event for each direction. Each
/// owns a mutex while it lives. If the node is killed, the host gets its mutex as an abandoned one, and gives the same request to the
/// next node. If the host is killed, its node ends.
/// </summary>
internal sealed class BuildNode : IDisposable
{
    private const int PieceSize = 1000;
    private const long Length = 0;
    private const long IsLast = 4;
    private const long Piece = 8;
    private const long MapSize = Piece + PieceSize;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly bool _isHost;
    private readonly Mutex _host;
    private readonly Mutex _node;
    private readonly EventWaitHandle _toHost;
    private readonly EventWaitHandle _toNode;
    private readonly EventWaitHandle _wanted;
    private readonly EventWaitHandle _attached;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private BuildNode(string name, bool isHost)
    {
        _isHost = isHost;
        _host = new Mutex(false, $"{name}-host");
        _node = new Mutex(false, $"{name}-node");
        _toHost = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-to-host");
        _toNode = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-to-node");
        _wanted = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-wanted");
        _attached = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-attached");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-pieces", MapSize);
        _map = _file.CreateViewAccessor();
    }

    private EventWaitHandle Mine => _isHost ? _toHost : _toNode;

    private EventWaitHandle Other => _isHost ? _toNode : _toHost;

    /// <summary>
    /// Runs <c>host NAME</c>, whose input is the requests, or <c>node NAME</c>, or <c>slow NAME</c>, a node that waits for a line before it
    /// answers. A node starts after its host.
    /// </summary>
    public static int Run(string[] args)
    {
        using BuildNode end = new(args[1], args[0] == "host");
        if (end._isHost)
        {
            end.RunHost();
        }
        else
        {
            end.RunNode(args[0] == "slow");
        }

        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _attached.Dispose();
        _wanted.Dispose();
        _toNode.Dispose();
        _toHost.Dispose();
        _node.Dispose();
        _host.Dispose();
    }

    private void RunHost()
    {
        _host.Enter();
        Console.WriteLine("host");
        AwaitNode();
        while (Console.ReadLine() is { } request)
        {
            while (true)
            {
                try
                {
                    Send(request);
                    Console.WriteLine(Receive());
                    break;
                }
                catch (EndOfStreamException ended)
                {
                    Console.WriteLine(ended.Message);
                }
            }
        }

        _host.ReleaseMutex();
    }

    private void RunNode(bool isSlow)
    {
        try
        {
            do
            {
                Await(_wanted);
            }
            while (!IsNode());
            _toNode.Reset();
            _toHost.Reset();
            _attached.Set();
            Console.WriteLine("node");
            Answer(isSlow);
        }
        catch (EndOfStreamException ended)
        {
            Console.WriteLine(ended.Message);
        }
    }

    private void Answer(bool isSlow)
    {
        try
        {
            while (true)
            {
                string request = Receive();
                if (isSlow)
                {
                    Console.WriteLine("working");
                    Console.ReadLine();
                }

                Send($"built {request}");
            }
        }
        finally
        {
            _node.ReleaseMutex();
        }
    }

    // False: the host has another node already.
    private bool IsNode()
    {
        try
        {
            return _node.WaitOne(0);
        }
        catch (AbandonedMutexException)
        {
            return true;
        }
    }

    // The last piece is confirmed by what the other end sends next.
    private void Send(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bool isLast = false;
        for (int sent = 0; !isLast; sent += PieceSize)
        {
            int length = Math.Min(PieceSize, bytes.Length - sent);
            isLast = sent + length == bytes.Length;
            _map.WriteArray(Piece, bytes, sent, length);
            _map.Write(Length, length);
            _map.Write(IsLast, isLast);
            Other.Set();
            if (!isLast)
            {
                Await(Mine);
            }
        }
    }

    private string Receive()
    {
        using MemoryStream text = new();
        while (true)
        {
            Await(Mine);
            byte[] piece = new byte[_map.ReadInt32(Length)];
            _map.ReadArray(Piece, piece, 0, piece.Length);
            text.Write(piece);
            if (_map.ReadBoolean(IsLast))
            {
                return Encoding.UTF8.GetString(text.ToArray());
            }

            Other.Set();
        }
    }

    // A word of the other end, or its end. The host also hears that it has another node.
    private void Await(EventWaitHandle word)
    {
        Mutex other = _isHost ? _node : _host;
        string ended = _isHost ? "the node ended" : "the host ended";
        try
        {
            switch (WaitHandle.WaitAny(_isHost ? [word, _attached, other] : [word, other]))
            {
                case 0:
                    return;
                case 1 when _isHost:
                    throw new EndOfStreamException(ended);
                default:
                    break;
            }
        }
        catch (AbandonedMutexException)
        {
            // The other end was killed, and its mutex belongs to this one.
        }

        other.ReleaseMutex();
        if (_isHost)
        {
            AwaitNode();
        }

        throw new EndOfStreamException(ended);
    }

    // Asks again each second: a node may be killed after it was asked and before it attaches.
    private void AwaitNode()
    {
        do
        {
            _wanted.Set();
        }
        while (!_attached.WaitOne(Patience));
        _wanted.Reset();
    }
}
