using System.Net;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Time;
using Fairlead.Transports;
using Fairlead.Transports.Tcp;
using TcpListener = System.Net.Sockets.TcpListener;

namespace Fairlead.Tests.Transports;

/// <summary>TCP drops what is on its way when a socket is closed in the wrong moment.</summary>
[SlowRun]
public sealed class LingeringCloseTests : IDisposable
{
    // More than the peer's kernel takes unread, and less than this end's kernel takes.
    private const int Large = 300_000;

    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public LingeringCloseTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_written_before_the_end_arrive_although_the_peer_continues_writing(bool hasUnread)
    {
        byte[] all = Bytes();
        Pair pair = await Pair.ConnectAsync($"{Address()}?framing=none");
        using Socket peer = await _listener.AcceptSocketAsync();
        foreach (byte[] part in all.Chunk(50_000))
        {
            await pair.SendAsync(part);
        }

        if (hasUnread)
        {
            await peer.SendAsync(new byte[200_000]);
        }

        Assert.True((await pair.CloseAsync(90.Seconds())).IsComplete);
        await peer.SendAsync("and more"u8.ToArray());
        Assert.Equal(all, await ReadToEndAsync(peer));
    }

    [Fact]
    public async Task A_socket_whose_peer_has_received_everything_is_closed_immediately()
    {
        (Descriptor socket, Socket peer) = await ConnectAsync();
        using (peer)
        {
            LingeringClose.Close(socket, default);
            Assert.True(socket.IsClosed);
            Assert.Empty(await ReadToEndAsync(peer));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_stays_open_until_its_peer_has_everything(bool reads)
    {
        (Descriptor socket, Socket peer) = await ConnectAsync();
        using (peer)
        {
            byte[] all = Bytes();
            Assert.Equal(Large, socket.Write(all).Count);
            LingeringClose.Close(socket, default);
            Assert.False(socket.IsClosed);
            if (reads)
            {
                Assert.Equal(all, await ReadToEndAsync(peer));
            }

            // Or until a peer that does not read has had its time.
            await Polling.Until(() => socket.IsClosed).WaitAsync(Watchdog);
        }
    }

    [Fact]
    public async Task The_last_bytes_are_written_when_the_kernel_accepts_them()
    {
        (Descriptor socket, Socket peer) = await ConnectAsync();
        using (peer)
        {
            int written = 0;
            byte[] part = new byte[65_536];
            while (socket.Write(part) is { Ok: true } result)
            {
                written += result.Count;
            }

            LingeringClose.Close(socket, "the end"u8.ToArray());
            byte[] read = await ReadToEndAsync(peer);
            Assert.Equal(written + 7, read.Length);
            Assert.Equal("the end"u8, read.AsSpan(written));
        }

        await Polling.Until(() => socket.IsClosed).WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_reset_ends_the_wait()
    {
        (Descriptor socket, Socket peer) = await ConnectAsync();
        Assert.Equal(Large, socket.Write(Bytes()).Count);
        LingeringClose.Close(socket, default);
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await Polling.Until(() => socket.IsClosed).WaitAsync(Watchdog);
    }

    private static byte[] Bytes()
    {
        byte[] all = new byte[Large];
        Random.Shared.NextBytes(all);
        return all;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket peer)
    {
        using MemoryStream all = new();
        await using NetworkStream stream = new(peer);
        await stream.CopyToAsync(all).WaitAsync(Watchdog);
        return all.ToArray();
    }

    private Address Address() => $"tcp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    private async Task<(Descriptor Socket, Socket Peer)> ConnectAsync()
    {
        (Descriptor socket, _) = await TcpConnector.ConnectAsync(Address(), TimeProvider.System, CancellationToken.None);
        return (socket, await _listener.AcceptSocketAsync());
    }
}
