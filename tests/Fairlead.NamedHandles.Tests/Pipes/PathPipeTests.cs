using System.IO.Pipes;
using Fairlead.NamedHandles.Tests.Places;
using PlatformClient = System.IO.Pipes.NamedPipeClientStream;
using PlatformServer = System.IO.Pipes.NamedPipeServerStream;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Pipes at a path, where those of the platform on Linux are.</summary>
public sealed class PathPipeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_client_of_the_platform_connects_to_a_server_at_a_path()
    {
        string path = NewPath();
        await using NamedPipeServerStream server = new(path, PipeDirection.InOut, 2);
        await using PlatformClient client = new(".", path, PipeDirection.InOut, PipeOptions.Asynchronous);
        Task waiting = server.WaitForConnectionAsync();
        await client.ConnectAsync(60_000);
        await waiting.WaitAsync(Watchdog);
        await client.WriteAsync(PipePair.Bytes("hi"));
        byte[] buffer = new byte[2];
        await server.ReadExactlyAsync(buffer);
        await server.WriteAsync(buffer);
        await client.ReadExactlyAsync(buffer);
        Assert.Equal("hi"u8, buffer);
        Assert.Equal(Environment.ProcessId, server.GetNamedPipeClientProcessId());
    }

    [Fact]
    public async Task A_client_connects_to_a_server_of_the_platform_by_its_short_name()
    {
        string name = $"fl-{Environment.ProcessId}-{Random.Shared.Next()}";
        string path = Path.Combine(Path.GetTempPath(), $"CoreFxPipe_{name}");
        await using NamedPipeClientStream client = new(".", path, PipeDirection.InOut, PipeOptions.CurrentUserOnly);
        Task connecting = client.ConnectAsync();
        await using PlatformServer server = new(name);
        await server.WaitForConnectionAsync().WaitAsync(Watchdog);
        await connecting.WaitAsync(Watchdog);
        client.WriteByte(8);
        Assert.Equal(8, server.ReadByte());
    }

    [Fact]
    public async Task Instances_of_a_path_share_it_in_one_process()
    {
        string path = NewPath();
        using NamedPipeServerStream first = new(path, PipeDirection.InOut, 2);
        using NamedPipeServerStream second = new(path, PipeDirection.InOut, 2);
        Assert.Throws<IOException>(() => new NamedPipeServerStream(path, PipeDirection.InOut, 2));
        Task both = Task.WhenAll(first.WaitForConnectionAsync(), second.WaitForConnectionAsync());
        using NamedPipeClientStream one = new(path);
        using NamedPipeClientStream two = new(path);
        one.Connect();
        two.Connect();
        await both.WaitAsync(Watchdog);
        Assert.Equal(2, one.NumberOfServerInstances);
        one.WriteByte(1);
        two.WriteByte(1);
        Assert.Equal(1, first.ReadByte());
        Assert.Equal(1, second.ReadByte());
    }

    /// <summary>The last instance may end on one thread while another thread begins the next.</summary>
    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task Threads_begin_and_end_instances_of_a_path_at_the_same_time()
    {
        const int Rounds = 10_000;
        string path = NewPath();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                new NamedPipeServerStream(path, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances).Dispose();
            }
        }))).WaitAsync(Watchdog);
    }

    [Fact]
    public async Task An_instance_at_a_path_serves_one_client_after_another()
    {
        string path = NewPath();
        using NamedPipeServerStream server = new(path);
        for (byte i = 0; i < 20; i++)
        {
            Task waiting = server.WaitForConnectionAsync();
            using PlatformClient client = new(path);
            client.Connect();
            await waiting.WaitAsync(Watchdog);
            client.WriteByte(i);
            Assert.Equal(i, server.ReadByte());
            server.Disconnect();
        }
    }

    [Fact]
    public async Task Disposing_ends_a_wait_and_removes_the_socket()
    {
        string path = NewPath();
        NamedPipeServerStream server = new(path);
        Task waiting = server.WaitForConnectionAsync();
        Task blocked = Task.Run(server.WaitForConnection);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Watchdog));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocked.WaitAsync(Watchdog));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_file_of_another_program_is_never_removed()
    {
        string path = NewPath();
        File.WriteAllText(path, "precious");
        Assert.ThrowsAny<IOException>(() => new NamedPipeServerStream(path));
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Fact]
    public void The_socket_of_a_running_server_is_never_taken_over()
    {
        string name = $"fl-{Environment.ProcessId}-{Random.Shared.Next()}";
        string path = Path.Combine(Path.GetTempPath(), $"CoreFxPipe_{name}");
        using PlatformServer server = new(name);
        Assert.ThrowsAny<IOException>(() => new NamedPipeServerStream(path));
        using PlatformClient client = new(name);
        client.Connect(10_000);
    }

    [Fact]
    public async Task The_path_of_a_killed_server_is_taken_over()
    {
        string path = NewPath();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-echo", path, "Byte", "1");
        Assert.ThrowsAny<IOException>(() => new NamedPipeServerStream(path));
        await peer.KillAsync();
        Assert.True(File.Exists(path));
        using NamedPipeServerStream server = new(path);
    }

    [Fact]
    public void A_message_pipe_at_a_path_is_refused()
    {
        string path = NewPath();
        Assert.Throws<NotSupportedException>(
            () => new NamedPipeServerStream(path, PipeDirection.InOut, 1, PipeTransmissionMode.Message));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Connect_times_out_without_a_server()
    {
        using NamedPipeClientStream client = new(NewPath());
        Assert.Throws<TimeoutException>(() => client.Connect(0));
        Assert.Throws<TimeoutException>(() => client.Connect(30));
        using NamedPipeClientStream nowhere = new("/nowhere/at all");
        Assert.Throws<TimeoutException>(() => nowhere.Connect(30));
    }

    private static string NewPath() => $"{PrivateRuntime.Files}/%41?p{Random.Shared.Next()}";
}
