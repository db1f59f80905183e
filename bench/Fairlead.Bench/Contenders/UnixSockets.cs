using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>The common part of plain socket contenders: a listener for one client, a connection, whole messages.</summary>
internal static class UnixSockets
{
    /// <summary>Returns the connection of the first client; the caller disposes it.</summary>
    public static Socket AcceptOne(Session session, Action listening)
    {
        using var listener = New();
        listener.Bind(new UnixDomainSocketEndPoint(session.SocketPath));
        listener.Listen(1);
        listening();
        return listener.Accept();
    }

    /// <summary>Returns a connection to the server; the caller disposes it.</summary>
    public static Socket Connect(Session session)
    {
        var socket = New();
        socket.Connect(new UnixDomainSocketEndPoint(session.SocketPath));
        return socket;
    }

    public static void SendAll(this Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    public static async ValueTask SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes).ConfigureAwait(false)..];
        }
    }

    /// <returns>False if the other end has left instead.</returns>
    public static bool ReceiveAll(this Socket socket, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = socket.Receive(bytes);
            if (count == 0)
            {
                return false;
            }

            bytes = bytes[count..];
        }

        return true;
    }

    private static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}
