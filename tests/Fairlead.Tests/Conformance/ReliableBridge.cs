using System.Net;
using System.Net.Sockets;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Conformance;

/// <summary>
/// Carries raw bytes between a socket and a reliable session: a test may speak the session protocol by hand over it, as over TCP.
/// </summary>
internal sealed class ReliableBridge
{
    private readonly ReliableSession _session;
    private readonly Socket _socket;
    private int _open = 2;

    private ReliableBridge(ReliableSession session, Socket socket)
    {
        _session = session;
        _socket = socket;
        Bridging.Start(Down);
        Bridging.Start(Up);
    }

    /// <summary>Returns a socket that reaches a bound endpoint.</summary>
    public static Socket Connect(Address bound)
    {
        using Socket listener = Listen();
        Socket near = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.Connect(listener.LocalEndPoint!);
        EndpointSettings settings = SettingsFor(bound);
        (Descriptor socket, IPEndPoint place) = UdpSocket.ConnectAsync(bound, default).AsTask().GetAwaiter().GetResult();
        ReliableSession session = ReliableConnector
            .ConnectAsync(socket, bound, place, settings, Deadline.After(settings.HandshakeTimeout), default)
            .AsTask()
            .GetAwaiter()
            .GetResult();
        _ = new ReliableBridge(session, listener.Accept());
        return near;
    }

    /// <summary>Returns a listening socket, and the address that leads to it.</summary>
    public static (Socket Listener, Address Address) ListenReliably()
    {
        Address address = "udp://127.0.0.1:0?reliable=true";
        Socket outer = Listen();
        Descriptor socket = UdpSocket.Bind(address, out Address bound, isReliable: true);
        ReliableListener listener = new(bound, socket, SettingsFor(bound));
        EndPoint target = outer.LocalEndPoint!;
        Bridging.Start(() => Accept(listener, target));
        return (outer, bound);
    }

    private static void Accept(ReliableListener listener, EndPoint target)
    {
        while (true)
        {
            BlockingWait.Wait(listener.WaitDescriptor, PollEvents.Read, Timeout.InfiniteTimeSpan);
            while (listener.TryAcceptSession() is { } session)
            {
                Socket near = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    near.Connect(target);
                }
                catch (Exception gone) when (Bridging.WasCut(gone))
                {
                    // The test has closed its listener: a connection that it has given up came late.
                    near.Dispose();
                    session.Dispose();
                    return;
                }

                _ = new ReliableBridge(session, near);
            }
        }
    }

    private static Socket Listen()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        return listener;
    }

    private static EndpointSettings SettingsFor(Address address) =>
        EndpointSettings.From(address, null, PatternKind.Pair, BuiltInTransports.Find(address));

    private void Down()
    {
        using OutputQueue output = new(RawFraming.Instance);
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int count; (count = _socket.Receive(buffer)) > 0;)
            {
                buffer.AsSpan(0, count).CopyTo(output.Reserve(count));
                output.Commit(MessageHeader.Of(MessageKind.Send) with { Length = count });
                FlushResult result;
                while ((result = _session.Write(output)) == FlushResult.Blocked)
                {
                    BlockingWait.Wait(_session.Room, PollEvents.Write, Timeout.InfiniteTimeSpan);
                }

                if (result == FlushResult.Broken)
                {
                    break;
                }
            }
        }
        catch (Exception gone) when (Bridging.WasCut(gone))
        {
            // The test has closed it, or the other thread, because the endpoint has gone.
        }

        _session.EndSending();
        Leave();
    }

    private void Up()
    {
        byte[] buffer = new byte[64 * 1024];
        FillResult result;
        try
        {
            do
            {
                BlockingWait.Wait(_session.News, PollEvents.Read, Timeout.InfiniteTimeSpan);
                for (int read; (read = _session.Read(buffer, out result)) > 0;)
                {
                    _socket.Send(buffer.AsSpan(0, read));
                }
            }
            while (result is not (FillResult.End or FillResult.Broken));

            if (result == FillResult.End)
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception gone) when (Bridging.WasCut(gone))
        {
            // The test has closed it.
            result = FillResult.Broken;
        }

        if (result == FillResult.Broken)
        {
            _session.Abort();
            _socket.Close(0);
        }

        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _session.Dispose();
            _socket.Dispose();
        }
    }
}
