using System.IO.Pipes;
using System.Net.Sockets;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Pipes of messages whose ends are cancelled, closed or killed, or send what they should not.</summary>
public sealed class BrokenPipeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Disposing_ends_a_blocked_writer_and_a_blocked_reader()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        byte[] message = new byte[8 << 20];
        Task[] blocked =
        [
            Task.Run(() => pair.Server.Write(message)), pair.Server.WriteAsync(message).AsTask(),
            Task.Run(() => pair.Server.Read(new byte[1])), pair.Server.ReadAsync(new byte[1]).AsTask(),
        ];
        pair.Server.Dispose();
        foreach (Task one in blocked)
        {
            await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => one.WaitAsync(Watchdog));
        }
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        byte[] buffer = new byte[8];
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<int> reading = pair.Server.ReadAsync(buffer, cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }

        pair.Client.Write([1, 2]);
        Assert.Equal(2, await pair.Server.ReadAsync(buffer));
    }

    [Fact]
    public async Task The_reader_of_a_cancelled_message_gets_an_error_and_then_the_next_message()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        using CancellationTokenSource cancel = new();
        Task writing = pair.Server.WriteAsync(new byte[8 << 20], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Task next = pair.Server.WriteAsync(PipePair.Bytes("next")).AsTask();
        await Assert.ThrowsAsync<IOException>(() => Task.Run(() => PipePair.ReadMessage(pair.Client, 10_000)));
        Assert.True(pair.Client.IsMessageComplete);
        Assert.Equal("next"u8.ToArray(), await Task.Run(() => PipePair.ReadMessage(pair.Client)));
        await next;
    }

    [Fact]
    public async Task A_message_cancelled_before_its_first_part_is_not_sent()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        Task first = pair.Server.WriteAsync(new byte[8 << 20]).AsTask();
        using CancellationTokenSource cancel = new();
        Task second = pair.Server.WriteAsync(new byte[10], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Server.WriteAsync(new byte[10], cancel.Token).AsTask());
        Assert.Equal(8 << 20, (await Task.Run(() => PipePair.ReadMessage(pair.Client, 100_000))).Length);
        await first;
        pair.Server.Write([7]);
        Assert.Equal([7], PipePair.ReadMessage(pair.Client));
    }

    [Fact]
    public async Task A_client_killed_inside_a_message_causes_an_error_and_then_the_end()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name, PipeDirection.InOut, 1, PipeTransmissionMode.Message);
        using PeerProcess peer = PeerProcess.Start("pipe-write", name, "100000000");
        server.WaitForConnection();
        await peer.SaysAsync("connected");
        Assert.Equal(peer.Id, server.GetNamedPipeClientProcessId());
        peer.GoOn();
        byte[] buffer = new byte[1000];
        Assert.Equal(1000, server.Read(buffer));
        await peer.KillAsync();
        IOException? error = null;
        int count = 1;
        while (error is null && count > 0)
        {
            try
            {
                count = server.Read(buffer);
            }
            catch (IOException thrown)
            {
                error = thrown;
            }
        }

        Assert.NotNull(error);
        Assert.Equal(0, server.Read(buffer));
        Assert.True(server.IsMessageComplete);
        Assert.False(server.IsConnected);
        Assert.Throws<IOException>(() => server.Write(buffer));
    }

    [Fact]
    public async Task A_server_killed_while_a_client_writes_is_a_broken_pipe()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-silent", name);
        using NamedPipeClientStream client = new(name);
        client.Connect();
        await peer.SaysAsync("connected");
        Task writing = client.WriteAsync(new byte[64 << 20]).AsTask();
        Assert.False(writing.IsCompleted);
        await peer.KillAsync();
        await Assert.ThrowsAsync<IOException>(() => writing.WaitAsync(Watchdog));
        Assert.False(client.IsConnected);
        Assert.Equal(0, client.Read(new byte[1]));
    }

    [Fact]
    public void Written_data_can_be_read_after_the_writer_closed()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);

        // Unread data at the closing end makes the kernel report a reset at the other one, before its data.
        pair.Client.Write(PipePair.Bytes("unread"));
        pair.Server.Write(PipePair.Bytes("last"));
        pair.Server.Dispose();
        Assert.Equal("last"u8, PipePair.ReadMessage(pair.Client));
        Assert.Equal(0, pair.Client.Read(new byte[1]));
    }

    [Fact]
    public async Task Garbage_on_a_connected_socket_closes_the_pipe()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        using Socket raw = new(new SafeSocketHandle(pair.Client.SafePipeHandle.DangerousGetHandle(), ownsHandle: false));
        await raw.SendAsync(new byte[] { 9, 9, 9 });
        Assert.Throws<IOException>(() => pair.Server.Read(new byte[10]));
        Assert.False(pair.Server.IsConnected);
        Assert.Equal(0, pair.Client.Read(new byte[1]));
        pair.Server.Disconnect();
    }

    [Fact]
    public async Task A_packet_that_is_too_long_closes_the_pipe()
    {
        foreach (int atOnce in (int[])[10, 200_000])
        {
            using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
            using Socket raw = new(new SafeSocketHandle(pair.Client.SafePipeHandle.DangerousGetHandle(), ownsHandle: false));
            byte[] packet = new byte[70_000];
            packet[0] = 1;
            await raw.SendAsync(packet);
            Assert.Throws<IOException>(() => pair.Server.Read(new byte[atOnce]));
        }
    }

    [Fact]
    public void A_connection_that_begins_with_garbage_is_not_a_client()
    {
        // The platform's sockets take paths of at most 107 bytes.
        string name = PrivateRuntime.NewName("garbage");
        using NamedPipeServerStream server = new(name, PipeDirection.InOut, 1, PipeTransmissionMode.Message);
        string path = Directory.GetFiles($"{PrivateRuntime.Folder}/pipes", "GARBAGE*.message").Single();
        List<Socket> silent = [];
        for (int i = 0; i < 200; i++)
        {
            Socket raw = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
            raw.Connect(new UnixDomainSocketEndPoint(path));
            silent.Add(raw);
            if (i % 3 == 0)
            {
                raw.Send([1, 2, 3]);
            }
            else if (i % 3 == 1)
            {
                raw.Dispose();
            }
        }

        using NamedPipeClientStream client = new(name);
        client.Connect(10_000);
        server.WaitForConnection();
        client.WriteByte(1);
        Assert.Equal(1, server.ReadByte());
        silent.ForEach(static one => one.Dispose());
    }
}
