using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Processes;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>Sockets of bytes, without messages.</summary>
public sealed class SocketConnectionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("unix")]
    public async Task Each_direction_ends_independently(string place)
    {
        using SocketListener listener = SocketListener.Bind(place == "unix" ? $"unix://{_directory["socket"]}" : place);
        Assert.False(listener.TryAccept(out _));
        using SocketConnection client = await SocketConnection.ConnectAsync(listener.Address);
        using SocketConnection server = Accept(listener);
        byte[] buffer = new byte[10];
        Assert.Null(server.TryRead(buffer));
        Assert.Equal(5, client.TryWrite("hello"u8));
        client.EndSending();
        WaitFor(server, Readiness.Readable);
        Assert.Equal(5, server.TryRead(buffer));
        Assert.Equal("hello"u8, buffer.AsSpan(0, 5));
        WaitFor(server, Readiness.Readable);
        Assert.Equal(0, server.TryRead(buffer));

        // The other direction goes on.
        Assert.Equal(6, server.TryWrite("answer"u8));
        server.EndSending();
        WaitFor(client, Readiness.Readable);
        Assert.Equal(6, client.TryRead(buffer));
        WaitFor(client, Readiness.Readable);
        Assert.Equal(0, client.TryRead(buffer));
    }

    [Fact]
    public async Task A_write_does_not_wait_for_a_slow_peer_and_throws_for_a_closed_peer()
    {
        using SocketListener listener = SocketListener.Bind("tcp://127.0.0.1:0");
        SocketConnection client = await SocketConnection.ConnectAsync(listener.Address);
        using SocketConnection server = Accept(listener);
        byte[] bytes = new byte[64 * 1024];
        while (server.TryWrite(bytes) is not null)
        {
        }

        client.Dispose();
        WaitFor(server, Readiness.Readable);
        FairleadException? error = null;
        while (error is null)
        {
            error = Record.Exception(() => _ = server.TryWrite(bytes)) as FairleadException;
        }

        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal(0, server.TryRead(bytes));
    }

    [Fact]
    public async Task A_child_program_serves_a_connection_that_was_accepted_here()
    {
        using SocketListener listener = SocketListener.Bind("tcp://127.0.0.1:0");
        await using Pair client = await Pair.ConnectAsync(listener.Address.With("framing", "line"));
        using SocketConnection server = Accept(listener);
        await using ChildProcess child = ChildProcess.Start(
            "/bin/sh",
            ["-c", "read name; echo hello $name"],
            new ChildProcessOptions
            {
                StandardInput = Redirection.To(server.ForProgram()),
                StandardOutput = Redirection.To(server.ForProgram()),
            });
        server.Dispose();
        await client.SendAsync("you"u8);
        using Message message = await client.ReceiveAsync();
        Assert.Equal("hello you", message.Text);
        Assert.Equal(0, (await child.ExitAsync()).ShellCode);
    }

    [Fact]
    public async Task A_socket_that_is_not_a_stream_socket_is_refused()
    {
        foreach (string address in new[] { "udp://127.0.0.1:0", "shm://x", "unixpacket://x", $"fifo://{_directory["fifo"]}" })
        {
            Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => SocketListener.Bind(address)).Code);
            FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await SocketConnection.ConnectAsync(address));
            Assert.Equal(ErrorCode.NotSupported, error.Code);
        }

        using SocketListener listener = SocketListener.Bind("tcp://127.0.0.1:0");
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => SocketListener.Bind(listener.Address)).Code);
    }

    [Fact]
    public void Taking_the_socket_out_of_a_connection_needs_no_further_descriptor()
    {
        // At the limit of descriptors a copy would fail, and the accepted client would be cut off instead of waiting.
        (Descriptor near, Descriptor far) = NativeSocket.Pair(NativeSocketType.Stream);
        using (far)
        {
            StreamConnection accepted = new(
                near, RawFraming.Instance, TransportCapabilities.Duplex | TransportCapabilities.CrossHost, new Peer());
            using (SocketConnection taken = SocketConnection.Of(accepted, "tcp://127.0.0.1:1"))
            {
                Assert.Same(near, taken.Handle);
                Assert.Equal(2, taken.TryWrite("hi"u8));
            }

            Assert.True(near.IsClosed);
        }
    }

    private static SocketConnection Accept(SocketListener listener)
    {
        using WaitSet set = new();
        set.Attach(listener.Handle);
        set.Wait();
        Assert.True(listener.TryAccept(out SocketConnection? connection));
        return connection;
    }

    private static void WaitFor(SocketConnection connection, Readiness readiness)
    {
        using WaitSet set = new();
        set.Attach(connection.Handle, readiness);
        set.Wait();
    }
}
