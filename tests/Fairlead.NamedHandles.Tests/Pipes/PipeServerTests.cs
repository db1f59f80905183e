using System.IO.Pipes;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Instances of a server: their number, their states, waiting for clients.</summary>
public sealed class PipeServerTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public void Arguments_are_checked_as_the_platform_documents()
    {
        Assert.Throws<ArgumentNullException>(() => new NamedPipeServerStream(null!));
        Assert.Throws<ArgumentException>(() => new NamedPipeServerStream(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("Anonymous"));
        Assert.Throws<ArgumentException>(() => new NamedPipeServerStream(new string('x', 257)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("x", (PipeDirection)0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("x", PipeDirection.In, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("x", PipeDirection.In, 255));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("x", PipeDirection.In, -2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeServerStream("x", PipeDirection.In, 1, (PipeTransmissionMode)2));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeServerStream("x", PipeDirection.In, 1, PipeTransmissionMode.Byte, (PipeOptions)1));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeServerStream("x", PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.None, -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeServerStream("x", PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.None, 0, -1));
    }

    [Fact]
    public void An_instance_beyond_the_maximum_is_refused_until_another_is_disposed()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream first = new(name, PipeDirection.InOut, 2);
        NamedPipeServerStream second = new(name, PipeDirection.InOut, 2);
        IOException error = Assert.Throws<IOException>(() => new NamedPipeServerStream(name, PipeDirection.InOut, 2));
        Assert.StartsWith("All pipe instances are busy", error.Message, StringComparison.Ordinal);
        second.Dispose();
        using NamedPipeServerStream third = new(name, PipeDirection.InOut, 2);
    }

    [Fact]
    public void The_first_instance_determines_the_maximum_number()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream first = new(name, PipeDirection.InOut, 1);
        Assert.Throws<IOException>(() => new NamedPipeServerStream(name, PipeDirection.InOut, 5));
    }

    [Fact]
    public void MaxAllowedServerInstances_allows_300_instances()
    {
        string name = PrivateRuntime.NewName();
        List<NamedPipeServerStream> servers = [];
        for (int i = 0; i < 300; i++)
        {
            servers.Add(new(name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances));
        }

        using (NamedPipeClientStream client = new(name))
        {
            client.Connect();
            Assert.Equal(300, client.NumberOfServerInstances);
        }

        servers.ForEach(static server => server.Dispose());
        Assert.Empty(Directory.GetFiles($"{PrivateRuntime.Folder}/pipes", "INSTANCES_WITHOUT*"));
    }

    [Fact]
    public void Instances_of_a_name_have_one_direction_and_one_mode()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream first = new(name, PipeDirection.In, 5, PipeTransmissionMode.Message);
        Assert.Throws<UnauthorizedAccessException>(
            () => new NamedPipeServerStream(name, PipeDirection.InOut, 5, PipeTransmissionMode.Message));
        Assert.Throws<UnauthorizedAccessException>(() => new NamedPipeServerStream(name, PipeDirection.In, 5));
    }

    [Fact]
    public void FirstPipeInstance_refuses_a_second_instance()
    {
        string name = PrivateRuntime.NewName();
        const PipeOptions Options = PipeOptions.FirstPipeInstance;
        using (NamedPipeServerStream first = new(name, PipeDirection.InOut, 5, PipeTransmissionMode.Byte, Options))
        {
            Assert.Throws<UnauthorizedAccessException>(
                () => new NamedPipeServerStream(name, PipeDirection.InOut, 5, PipeTransmissionMode.Byte, Options));
        }

        using NamedPipeServerStream again = new(name, PipeDirection.InOut, 5, PipeTransmissionMode.Byte, Options);
    }

    [Fact]
    public void Server_properties_are_correct_before_and_after_a_client()
    {
        string name = PrivateRuntime.NewName();
        NamedPipeServerStream server = new(name, PipeDirection.InOut, 1, PipeTransmissionMode.Message, PipeOptions.None, 100, 200);
        Assert.False(server.IsConnected);
        Assert.False(server.IsAsync);
        Assert.True(server.CanRead && server.CanWrite && !server.CanSeek);
        Assert.Equal(PipeTransmissionMode.Message, server.TransmissionMode);
        Assert.Equal(PipeTransmissionMode.Message, server.ReadMode);
        Assert.Equal(100, server.InBufferSize);
        Assert.Equal(200, server.OutBufferSize);
        Assert.Throws<InvalidOperationException>(() => server.ReadByte());
        Assert.Throws<InvalidOperationException>(() => server.WriteByte(1));
        Assert.Throws<InvalidOperationException>(() => server.IsMessageComplete);
        Assert.Throws<InvalidOperationException>(server.Disconnect);
        Assert.Throws<InvalidOperationException>(() => server.SafePipeHandle);
        Assert.Throws<InvalidOperationException>(() => server.GetImpersonationUserName());
        Assert.Throws<NotSupportedException>(() => server.Length);
        Assert.Throws<NotSupportedException>(() => server.Position);
        Assert.Throws<NotSupportedException>(() => server.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => server.SetLength(1));
        using (NamedPipeClientStream client = new(name))
        {
            client.Connect();
            server.WaitForConnection();
            Assert.True(server.IsConnected && ((System.IO.Pipes.PipeStream)server).IsConnected);
            Assert.Throws<InvalidOperationException>(server.WaitForConnection);
            server.Disconnect();
            Assert.False(server.IsConnected || ((System.IO.Pipes.PipeStream)server).IsConnected);
            Assert.Throws<InvalidOperationException>(server.Disconnect);
            Assert.Throws<InvalidOperationException>(() => server.ReadByte());
            Assert.Equal(-1, client.ReadByte());
        }

        server.Dispose();
        Assert.Throws<ObjectDisposedException>(server.WaitForConnection);
        Assert.Throws<ObjectDisposedException>(server.Disconnect);
        Assert.Throws<ObjectDisposedException>(() => server.ReadByte());
        Assert.Throws<ObjectDisposedException>(() => server.TransmissionMode);
        server.Dispose();
    }

    [Fact]
    public async Task A_broken_pipe_is_disconnected_before_the_next_client()
    {
        string name = PrivateRuntime.NewName();
        using PipePair pair = PipePair.Of(name, PipeTransmissionMode.Message);
        pair.Client.Dispose();
        Assert.Equal(0, pair.Server.Read(new byte[1]));
        Assert.False(pair.Server.IsConnected);
        Assert.True(pair.Server.IsMessageComplete);
        Assert.Throws<IOException>(() => pair.Server.Write(new byte[1]));
        Assert.Throws<IOException>(pair.Server.WaitForConnection);
        pair.Server.Disconnect();
        using NamedPipeClientStream next = new(name);
        Task connected = next.ConnectAsync();
        pair.Server.WaitForConnection();
        await connected.WaitAsync(Watchdog);
        next.WriteByte(3);
        Assert.Equal(3, pair.Server.ReadByte());
    }

    [Fact]
    public async Task An_instance_serves_one_client_after_another()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name);
        for (byte i = 0; i < 100; i++)
        {
            using NamedPipeClientStream client = new(name);
            Task connected = client.ConnectAsync();
            server.WaitForConnection();
            await connected.WaitAsync(Watchdog);
            client.WriteByte(i);
            Assert.Equal(i, server.ReadByte());
            server.Disconnect();
        }
    }

    [Fact]
    public async Task After_Disconnect_no_client_connects_until_the_server_waits()
    {
        string name = PrivateRuntime.NewName();
        using PipePair pair = PipePair.Of(name, PipeTransmissionMode.Byte);
        pair.Server.Disconnect();
        using NamedPipeClientStream client = new(name);
        Assert.Throws<TimeoutException>(() => client.Connect(0));
        Task waiting = pair.Server.WaitForConnectionAsync();
        client.Connect(0);
        await waiting.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_cancelled_wait_can_be_repeated()
    {
        string name = PrivateRuntime.NewName();
        await using NamedPipeServerStream server = new(
            name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        using CancellationTokenSource cancel = new();
        Task waiting = server.WaitForConnectionAsync(cancel.Token);
        Assert.False(waiting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.WaitForConnectionAsync(cancel.Token));
        await using NamedPipeClientStream client = new(name);
        await client.ConnectAsync();
        await server.WaitForConnectionAsync();
        Assert.True(server.IsConnected);
    }

    [Fact]
    public async Task Disposing_ends_a_wait()
    {
        NamedPipeServerStream server = new(PrivateRuntime.NewName());
        Task asynchronous = server.WaitForConnectionAsync();
        Task synchronous = Task.Run(server.WaitForConnection);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => asynchronous);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => synchronous);
    }

    [Fact]
    public void BeginWaitForConnection_and_EndWaitForConnection_complete_with_a_client()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name);
        using ManualResetEvent called = new(false);
        IAsyncResult waiting = server.BeginWaitForConnection(_ => called.Set(), "state");
        Assert.Equal("state", waiting.AsyncState);
        using NamedPipeClientStream client = new(name);
        client.Connect();
        server.EndWaitForConnection(waiting);
        Assert.True(called.WaitOne(TimeSpan.FromMinutes(1)));
        byte[] data = [1, 2, 3];
        client.EndWrite(client.BeginWrite(data, 0, 3, null, null));
        byte[] got = new byte[3];
        Assert.Equal(3, server.EndRead(server.BeginRead(got, 0, 3, null, null)));
        Assert.Equal(data, got);
    }

    [Fact]
    public void Both_ends_report_the_process_and_user_of_the_other()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        Assert.Equal(Environment.ProcessId, pair.Server.GetNamedPipeClientProcessId());
        Assert.Equal(Environment.ProcessId, pair.Client.GetNamedPipeServerProcessId());
        Assert.Equal(Environment.UserName, pair.Server.GetImpersonationUserName());
        Assert.Throws<PlatformNotSupportedException>(() => pair.Server.RunAsClient(static () => { }));
    }

    [Fact]
    public async Task The_instances_of_a_killed_process_no_longer_exist()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-silent", name);
        await peer.KillAsync();
        using NamedPipeClientStream early = new(name);
        Assert.Throws<TimeoutException>(() => early.Connect(0));
        using PipePair pair = PipePair.Of(name, PipeTransmissionMode.Byte);
        Assert.Equal(1, pair.Client.NumberOfServerInstances);
    }

    [Fact]
    public async Task Instances_of_two_processes_share_a_name()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "1");
        using NamedPipeServerStream own = new(name, PipeDirection.InOut, -1, PipeTransmissionMode.Message);
        using NamedPipeClientStream first = new(name);
        using NamedPipeClientStream second = new(name);
        first.Connect();
        second.Connect();
        Assert.Equal(2, first.NumberOfServerInstances);
        Assert.Equal(
            new[] { Environment.ProcessId, peer.Id }.Order(),
            new[] { first.GetNamedPipeServerProcessId(), second.GetNamedPipeServerProcessId() }.Order());
    }

    [Fact]
    public void An_undisposed_stream_releases_its_name_when_finalized()
    {
        string name = PrivateRuntime.NewName();
        Forget(name);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using NamedPipeServerStream next = new(name);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Forget(string name) => _ = new NamedPipeServerStream(name).WaitForConnectionAsync(new CancellationToken(true));
    }
}
