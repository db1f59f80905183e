using System.IO.Pipes;
using System.Security.Principal;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Connecting.</summary>
[SlowRun]
public sealed class PipeClientTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public void Arguments_are_checked_as_the_platform_documents()
    {
        Assert.Throws<ArgumentNullException>(() => new NamedPipeClientStream(null!));
        Assert.Throws<ArgumentException>(() => new NamedPipeClientStream(""));
        Assert.Throws<ArgumentNullException>(() => new NamedPipeClientStream(null!, "x"));
        Assert.Throws<ArgumentException>(() => new NamedPipeClientStream("", "x"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeClientStream("anonymous"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeClientStream(".", "x", (PipeDirection)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NamedPipeClientStream(".", "x", PipeDirection.In, (PipeOptions)2));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeClientStream(".", "x", PipeDirection.In, PipeOptions.None, (TokenImpersonationLevel)9));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeClientStream(
                ".", "x", PipeDirection.In, PipeOptions.None, TokenImpersonationLevel.None, (HandleInheritability)9));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new NamedPipeClientStream(
                ".", "x", PipeAccessRights.Delete, PipeOptions.None, TokenImpersonationLevel.None, HandleInheritability.None));
        using NamedPipeClientStream client = new("x");
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Connect(-2));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Connect(TimeSpan.FromDays(30)));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = client.ConnectAsync(-2); });
    }

    [Fact]
    public void Another_machine_is_refused_with_advice()
    {
        PlatformNotSupportedException error =
            Assert.Throws<PlatformNotSupportedException>(() => new NamedPipeClientStream("other.example", "x"));
        Assert.Contains("tls://", error.Message, StringComparison.Ordinal);
        using NamedPipeClientStream here = new(Environment.MachineName.ToUpperInvariant(), "x");
    }

    [Fact]
    public void Client_properties_are_correct_before_and_after_connecting()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name, PipeDirection.InOut, 3, PipeTransmissionMode.Message, PipeOptions.None, 100, 200);
        NamedPipeClientStream client = new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        Assert.True(client.IsAsync);
        Assert.False(client.IsConnected);
        Assert.Throws<InvalidOperationException>(() => client.TransmissionMode);
        Assert.Throws<InvalidOperationException>(() => client.ReadMode);
        Assert.Throws<InvalidOperationException>(() => client.InBufferSize);
        Assert.Throws<InvalidOperationException>(() => client.NumberOfServerInstances);
        Assert.Throws<InvalidOperationException>(() => client.ReadByte());
        Assert.Throws<InvalidOperationException>(() => client.Flush());
        client.Connect();
        Assert.True(client.IsConnected);
        Assert.Equal(PipeTransmissionMode.Message, client.TransmissionMode);
        Assert.Equal(PipeTransmissionMode.Byte, client.ReadMode);
        Assert.Throws<InvalidOperationException>(() => client.IsMessageComplete);
        client.ReadMode = PipeTransmissionMode.Message;
        Assert.True(client.IsMessageComplete);
        Assert.Throws<ArgumentOutOfRangeException>(() => client.ReadMode = (PipeTransmissionMode)5);
        Assert.Equal(200, client.InBufferSize);
        Assert.Equal(100, client.OutBufferSize);
        Assert.Equal(1, client.NumberOfServerInstances);
        Assert.Throws<InvalidOperationException>(client.Connect);
        Assert.False(client.IsHandleExposed);
        Assert.False(client.SafePipeHandle.IsInvalid);
        Assert.Same(client.SafePipeHandle, client.SafePipeHandle);
        Assert.True(client.IsHandleExposed);
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Connect(0));
        Assert.Throws<ObjectDisposedException>(() => client.ReadMode);
    }

    [Fact]
    public void A_byte_pipe_cannot_be_read_in_message_mode()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        Assert.Throws<NotSupportedException>(() => pair.Client.ReadMode = PipeTransmissionMode.Message);
        pair.Client.ReadMode = PipeTransmissionMode.Byte;
    }

    [Fact]
    public void Names_ignore_case_and_may_contain_unusual_characters()
    {
        string name = PrivateRuntime.NewName();
        string longest = (name + new string('€', 256))[..256];
        string[] all = [$"{name} ü€😀", $"{name} .. .", $"{name} a\\b", $"{name}%41*?", $"{name}\n\t", $"LOCAL\\{name}", longest];
        foreach (string odd in all)
        {
            using NamedPipeServerStream server = new(odd.ToUpperInvariant());
            using NamedPipeClientStream client = new(odd.Replace('\\', '/'));
            client.Connect(0);
            server.WaitForConnection();
        }
    }

    [Fact]
    public void Connect_times_out_without_a_server()
    {
        using NamedPipeClientStream client = new(PrivateRuntime.NewName());
        Assert.Throws<TimeoutException>(() => client.Connect(0));
        Assert.Throws<TimeoutException>(() => client.Connect(20));
        Assert.Throws<TimeoutException>(() => client.Connect(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task ConnectAsync_times_out_without_a_server()
    {
        await using NamedPipeClientStream client = new(PrivateRuntime.NewName());
        await Assert.ThrowsAsync<TimeoutException>(() => client.ConnectAsync(0));
        await Assert.ThrowsAsync<TimeoutException>(() => client.ConnectAsync(20));
        await Assert.ThrowsAsync<TimeoutException>(() => client.ConnectAsync(TimeSpan.FromMilliseconds(20)));
        using CancellationTokenSource cancel = new();
        Task connecting = client.ConnectAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ConnectAsync(cancel.Token));
    }

    [Fact]
    public async Task A_client_waits_for_a_server_that_does_not_exist_yet()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeClientStream first = new(name);
        using NamedPipeClientStream second = new(name);
        Task asynchronous = first.ConnectAsync();
        Task synchronous = Task.Run(() => second.Connect(60_000));
        await Task.Yield();
        using NamedPipeServerStream one = new(name, PipeDirection.InOut, 2);
        using NamedPipeServerStream two = new(name, PipeDirection.InOut, 2);
        await Task.WhenAll(asynchronous, synchronous).WaitAsync(Watchdog);
        one.WaitForConnection();
        two.WaitForConnection();
    }

    [Fact]
    public async Task A_client_waits_for_a_server_that_another_process_starts()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeClientStream client = new(name);
        Task connecting = client.ConnectAsync();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "1");
        await connecting.WaitAsync(Watchdog);
        client.ReadMode = PipeTransmissionMode.Message;
        client.Write(PipePair.Bytes("hello"));
        Assert.Equal("hello"u8, PipePair.ReadMessage(client));
        client.Dispose();
        await peer.EndAsync();
    }

    [Fact]
    public void A_client_connects_and_writes_before_the_server_waits()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name, PipeDirection.In);
        using (NamedPipeClientStream client = new(".", name, PipeDirection.Out))
        {
            client.Connect(0);
            client.Write(PipePair.Bytes("early"));
        }

        server.WaitForConnection();
        using StreamReader reader = new(server);
        Assert.Equal("early", reader.ReadToEnd());
    }

    [Fact]
    public async Task A_second_client_waits_until_the_instance_is_free()
    {
        string name = PrivateRuntime.NewName();
        using PipePair pair = PipePair.Of(name, PipeTransmissionMode.Byte);
        await using NamedPipeClientStream second = new(name);
        Assert.Throws<TimeoutException>(() => second.Connect(50));
        Task connecting = second.ConnectAsync();
        Assert.False(connecting.IsCompleted);
        pair.Server.Disconnect();
        pair.Server.WaitForConnection();
        await connecting.WaitAsync(Watchdog);
    }

    [Fact]
    public void A_direction_that_does_not_fit_is_denied_and_the_next_client_served()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(name, PipeDirection.Out);
        using NamedPipeClientStream both = new(name);
        Assert.Throws<UnauthorizedAccessException>(() => both.Connect(0));
        using NamedPipeClientStream wrong = new(".", name, PipeDirection.Out);
        Assert.Throws<UnauthorizedAccessException>(() => wrong.Connect(0));
        using NamedPipeClientStream right = new(
            ".", name, PipeAccessRights.ReadData, PipeOptions.None, TokenImpersonationLevel.None, HandleInheritability.None);
        right.Connect(0);
        server.WaitForConnection();
        server.WriteByte(1);
        Assert.Equal(1, right.ReadByte());
        Assert.Throws<NotSupportedException>(() => right.WriteByte(1));
        Assert.Throws<NotSupportedException>(() => server.ReadByte());
        Assert.Throws<NotSupportedException>(() => right.OutBufferSize);
        Assert.Throws<NotSupportedException>(() => server.InBufferSize);
    }

    [Fact]
    public void CurrentUserOnly_admits_a_client_of_the_same_user()
    {
        string name = PrivateRuntime.NewName();
        using NamedPipeServerStream server = new(
            name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.CurrentUserOnly | PipeOptions.WriteThrough);
        using NamedPipeClientStream client = new(".", name, PipeDirection.InOut, PipeOptions.CurrentUserOnly);
        client.Connect(0);
        server.WaitForConnection();
    }

    [Fact]
    public async Task A_client_skips_the_server_of_a_stopped_process()
    {
        string name = PrivateRuntime.NewName();
        using PeerProcess peer = await PeerProcess.StartAsync("ready", "pipe-echo", name, "Message", "1");
        peer.Stop();
        using NamedPipeServerStream own = new(name, PipeDirection.InOut, -1, PipeTransmissionMode.Message);
        using NamedPipeClientStream client = new(name);
        client.Connect(60_000);
        Assert.Equal(Environment.ProcessId, client.GetNamedPipeServerProcessId());
    }
}
