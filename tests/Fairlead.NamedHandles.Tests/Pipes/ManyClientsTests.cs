using System.IO.Pipes;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>More clients than instances.</summary>
[SlowRun]
public sealed class ManyClientsTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(PipeTransmissionMode.Message)]
    [InlineData(PipeTransmissionMode.Byte)]
    public async Task Two_hundred_clients_are_served_by_ten_instances_of_two_processes(PipeTransmissionMode mode)
    {
        const int Clients = 200;
        string name = PrivateRuntime.NewName();
        using PeerProcess one = await PeerProcess.StartAsync("ready", "pipe-echo", name, $"{mode}", "5");
        using PeerProcess two = await PeerProcess.StartAsync("ready", "pipe-echo", name, $"{mode}", "5");
        int[] processes = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(async () =>
        {
            await using NamedPipeClientStream client = new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
            await client.ConnectAsync();
            byte[] answer = new byte[4];
            for (int message = 0; message < 10; message++)
            {
                await client.WriteAsync(BitConverter.GetBytes((i * 100) + message));
                await client.ReadExactlyAsync(answer);
                Assert.Equal((i * 100) + message, BitConverter.ToInt32(answer));
            }

            return client.GetNamedPipeServerProcessId();
        }))).WaitAsync(Watchdog);
        Assert.Equal(new[] { one.Id, two.Id }.Order(), processes.Distinct().Order());
        await one.EndAsync();
        await two.EndAsync();
    }

    [Fact]
    public async Task Threads_that_block_while_they_connect_are_all_served()
    {
        const int Clients = 40;
        string name = PrivateRuntime.NewName();
        using PeerProcess server = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "2");
        Task[] all =
        [
            .. Enumerable.Range(0, Clients).Select(i => Task.Factory.StartNew(
                () =>
                {
                    using NamedPipeClientStream client = new(name);
                    client.Connect();
                    client.WriteByte((byte)i);
                    Assert.Equal(i, client.ReadByte());
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        await Task.WhenAll(all).WaitAsync(Watchdog);
        await server.EndAsync();
    }

    [Fact]
    public async Task Clients_find_the_next_server_when_one_is_killed()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess first = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "3");
        using PeerProcess second = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "3");
        int served = 0;
        Task[] all = [.. Enumerable.Range(0, 12).Select(_ => Task.Run(async () =>
        {
            for (int done = 0; done < 40;)
            {
                await using NamedPipeClientStream client = new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
                await client.ConnectAsync();
                try
                {
                    await client.WriteAsync(new byte[] { 1 });
                    if (await client.ReadAsync(new byte[1]) == 1)
                    {
                        done++;
                        Interlocked.Increment(ref served);
                    }
                }
                catch (IOException)
                {
                    // Its server was killed.
                }
            }
        }))];
        while (Volatile.Read(ref served) < 100)
        {
            await Task.Yield();
        }

        await first.KillAsync();
        await Task.WhenAll(all).WaitAsync(Watchdog);
        await second.EndAsync();
    }

    [Fact]
    public async Task Clients_that_wait_find_the_server_that_replaces_a_killed_one()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess first = await PeerProcess.StartAsync("ready", "pipe-silent", name);
        await using NamedPipeClientStream only = new(name);
        await only.ConnectAsync();
        await first.SaysAsync("connected");
        NamedPipeClientStream[] waiting = [.. Enumerable.Range(0, 5).Select(_ => new NamedPipeClientStream(name))];
        Task all = Task.WhenAll(waiting.Select(static client => client.ConnectAsync()));
        await first.KillAsync();
        Assert.Equal(0, await only.ReadAsync(new byte[1]));
        using PeerProcess second = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "5");
        await all.WaitAsync(Watchdog);
        Array.ForEach(waiting, static client => client.Dispose());
        await second.EndAsync();
    }

    [Fact]
    public async Task Clients_in_a_folder_with_a_long_path_find_their_server()
    {
        string runtime = Directory.CreateDirectory($"{PrivateRuntime.Files}/{new string('l', 150)}", UnixFileMode.UserRead
            | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        string name = PrivateRuntime.NewName() + new string('x', 100);
        using PeerProcess client = PeerProcess.StartIn(runtime, "pipe-ask", name, "hello");
        using PeerProcess server = PeerProcess.StartIn(runtime, "pipe-echo", name, "Message", "1");
        await server.SaysAsync("ready");
        await client.SaysAsync("hello");
        await client.EndAsync();
        await server.EndAsync();
    }

    [Fact]
    public async Task Clients_waiting_in_a_removed_folder_find_a_server_in_its_replacement()
    {
        string runtime = Directory.CreateDirectory($"{PrivateRuntime.Files}/{PrivateRuntime.NewName()}", UnixFileMode.UserRead
            | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        using PeerProcess client = PeerProcess.StartIn(runtime, "pipe-ask", "x", "hello");
        using CancellationTokenSource watchdog = new(Watchdog);
        while (!Directory.Exists($"{runtime}/fairlead/pipes"))
        {
            watchdog.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Directory.Delete($"{runtime}/fairlead/pipes", recursive: true);
        using PeerProcess server = PeerProcess.StartIn(runtime, "pipe-echo", "x", "Byte", "1");
        await server.SaysAsync("ready");
        await client.SaysAsync("hello");
        await client.EndAsync();
        await server.EndAsync();
    }

    [Fact]
    public async Task Closed_pipes_leave_no_descriptor()
    {
        using PeerProcess peer = PeerProcess.Start("pipe-many", PrivateRuntime.NewName(), "300");
        string[] counts = (await peer.LineAsync()).Split(' ');
        int before = int.Parse(counts[0], System.Globalization.CultureInfo.InvariantCulture);
        int after = int.Parse(counts[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(after, 0, before + 10);
        await peer.EndAsync();
    }
}
