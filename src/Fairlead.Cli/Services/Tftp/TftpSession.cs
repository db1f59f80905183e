using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services.Tftp;

/// <summary>A transfer with its socket, whose port identifies the transfer to the client.</summary>
internal sealed class TftpSession : IDisposable
{
    // One byte more than the longest packet that a client sends.
    private readonly byte[] _received = new byte[TftpPacket.HeaderLength + TftpPacket.BlockLength + 1];
    private readonly Socket _socket;
    private readonly TftpTransfer _transfer;

    public TftpSession(IPAddress local, IPEndPoint client, string request, TftpContent content)
    {
        (Client, Request, _transfer) = (client, request, new TftpTransfer(content));
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            _socket.Bind(new IPEndPoint(local, 0));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IPEndPoint Client { get; }

    /// <summary>The requested name and mode: a second request with the same text is one that was sent twice.</summary>
    public string Request { get; }

    /// <summary>Its place in the wait set of the server; null if it waits in a separate thread.</summary>
    public WaitAttachment? Attachment { get; set; }

    public SafeHandle Handle => _socket.SafeHandle;

    public TimeSpan Deadline => _transfer.Deadline;

    public bool IsOver => _transfer.IsOver;

    public bool IsLastSent => _transfer.IsLastSent;

    /// <summary>The end in words.</summary>
    public string Report => _transfer.Failure is { } failure
        ? $"{Client}: {Request} ended after {Bytes}: {failure}"
        : $"{Client}: {Request}, {Bytes}";

    private string Bytes => string.Create(CultureInfo.InvariantCulture, $"{_transfer.Acknowledged:N0} bytes");

    public void Begin() => SendIf(_transfer.Begin(Now()));

    /// <summary>Takes the packets that have arrived.</summary>
    public void Go()
    {
        EndPoint sender = new IPEndPoint(Client.Address, 0);
        while (!IsOver && TryReceive(_socket, _received, ref sender, out var count))
        {
            if (sender.Equals(Client))
            {
                SendIf(_transfer.Receive(_received.AsSpan(0, count), Now()));
            }
            else if (TftpPacket.KindOf(_received.AsSpan(0, count)) != TftpPacket.Error)
            {
                // The transfer goes on, as RFC 1350 wants it.
                TrySend(_socket, TftpPacket.ErrorOf(TftpError.UnknownTransfer, "this port belongs to another transfer"), sender);
            }
        }
    }

    /// <summary>Sends the block again whose time is over.</summary>
    public void OnTime() => SendIf(_transfer.OnTime(Now()));

    /// <summary>Serves this client until its end, in the caller's thread.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        using WaitSet alone = new();
        alone.Attach(Handle);
        Begin();
        while (!IsOver)
        {
            if (alone.Wait(Until(Deadline), cancellationToken).Length > 0)
            {
                Go();
            }

            OnTime();
        }
    }

    public void Dispose()
    {
        Attachment?.Dispose();
        _socket.Dispose();
        _transfer.Dispose();
    }

    /// <summary>The time on the clock of the deadlines.</summary>
    public static TimeSpan Now() => TimeProvider.System.GetElapsedTime(0);

    /// <summary>Returns the time until a deadline, at least zero.</summary>
    public static TimeSpan Until(TimeSpan deadline) => deadline - Now() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Receives a datagram that has arrived. An error of the network, such as an unreachable client, counts as none.</summary>
    public static bool TryReceive(Socket socket, byte[] buffer, ref EndPoint sender, out int count)
    {
        count = 0;
        try
        {
            if (!socket.Poll(0, SelectMode.SelectRead))
            {
                return false;
            }

            count = socket.ReceiveFrom(buffer, ref sender);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a datagram. If the network does not take it, it is lost like any other.</summary>
    public static void TrySend(Socket socket, ReadOnlySpan<byte> packet, EndPoint to)
    {
        try
        {
            socket.SendTo(packet, SocketFlags.None, to);
        }
        catch (SocketException error)
        {
            ErrorLine.Write($"a packet for {to} was lost: {error.Message}");
        }
    }

    private void SendIf(bool isNeeded)
    {
        if (isNeeded)
        {
            TrySend(_socket, _transfer.Packet.Span, Client);
        }
    }
}
