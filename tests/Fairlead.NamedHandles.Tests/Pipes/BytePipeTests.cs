using System.IO.Pipes;
using System.Net.Sockets;
using Fairlead.NamedHandles.Tests.Places;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Pipes of bytes.</summary>
public sealed class BytePipeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Bytes_flow_in_both_directions()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        byte[] data = new byte[16 << 20];
        new Random(2).NextBytes(data);
        byte[] there = new byte[data.Length];
        byte[] back = new byte[data.Length];
        await Task.WhenAll(
            pair.Client.WriteAsync(data).AsTask(),
            Task.Run(() => pair.Server.ReadExactly(there)),
            Task.Run(() => pair.Server.Write(data)),
            pair.Client.ReadExactlyAsync(back).AsTask()).WaitAsync(Watchdog);
        Assert.True(data.AsSpan().SequenceEqual(there) && data.AsSpan().SequenceEqual(back));
        Assert.Throws<InvalidOperationException>(() => pair.Server.IsMessageComplete);
    }

    [Fact]
    public async Task StreamReader_and_StreamWriter_exchange_lines()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        Task serving = Task.Run(async () =>
        {
            using StreamReader reader = new(pair.Server, leaveOpen: true);
            StreamWriter writer = new(pair.Server, leaveOpen: true) { AutoFlush = true };
            while (await reader.ReadLineAsync() is { } line)
            {
                await writer.WriteLineAsync(line.ToUpperInvariant());
            }

            // As on Windows: it flushes a broken pipe.
            await Assert.ThrowsAsync<IOException>(async () => await writer.DisposeAsync());
        });
        using (StreamReader reader = new(pair.Client, leaveOpen: true))
        using (StreamWriter writer = new(pair.Client, leaveOpen: true) { AutoFlush = true })
        {
            writer.WriteLine("hello");
            Assert.Equal("HELLO", reader.ReadLine());
        }

        pair.Client.Dispose();
        await serving.WaitAsync(Watchdog);
    }

    [Fact]
    public void After_the_peer_closes_reading_returns_the_end_and_writing_throws()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        pair.Client.Write([1, 2]);
        pair.Server.Write([3]);
        pair.Client.Dispose();
        byte[] buffer = new byte[2];
        Assert.Equal(2, pair.Server.Read(buffer));
        Assert.Equal(0, pair.Server.Read(buffer));
        Assert.Equal(-1, pair.Server.ReadByte());
        Assert.False(pair.Server.IsConnected);
        Assert.Throws<IOException>(() => pair.Server.WriteByte(1));
    }

    [Fact]
    public async Task Copying_ends_with_the_pipe()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte, PipeDirection.Out);
        using MemoryStream copy = new();
        Task copying = pair.Client.CopyToAsync(copy);
        pair.Server.Write(new byte[100_000]);
        pair.Server.Dispose();
        await copying.WaitAsync(Watchdog);
        Assert.Equal(100_000, copy.Length);
    }

    [Fact]
    public async Task Many_reads_are_cancelled_while_data_arrives_and_nothing_is_lost()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Byte);
        const int Count = 2000;
        Task writing = Task.Run(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                pair.Client.WriteByte((byte)i);
            }
        });
        byte[] buffer = new byte[1];
        int got = 0;
        while (got < Count)
        {
            using CancellationTokenSource cancel = new();
            Task<int> reading = pair.Server.ReadAsync(buffer, cancel.Token).AsTask();
            await cancel.CancelAsync();
            try
            {
                Assert.Equal(1, await reading);
                Assert.Equal((byte)got++, buffer[0]);
            }
            catch (OperationCanceledException)
            {
            }
        }

        await writing;
    }

    [Theory]
    [InlineData(SocketType.Stream, PipeTransmissionMode.Byte, false)]
    [InlineData(SocketType.Seqpacket, PipeTransmissionMode.Message, false)]
    [InlineData(SocketType.Stream, PipeTransmissionMode.Byte, true)]
    public void A_connected_handle_becomes_a_stream(SocketType type, PipeTransmissionMode mode, bool asOnNet11)
    {
        string path = $"{PrivateRuntime.Files}/h{type}{asOnNet11}";
        using Socket listener = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using Socket first = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
        first.Connect(new UnixDomainSocketEndPoint(path));
        using Socket second = listener.Accept();
        using NamedPipeServerStream server = new(
            PipeDirection.InOut, true, true, new SafePipeHandle(first.SafeHandle.DangerousGetHandle(), ownsHandle: false));
        using SafePipeHandle handle = new(second.SafeHandle.DangerousGetHandle(), ownsHandle: false);
        using NamedPipeClientStream client = asOnNet11
            ? new(PipeDirection.InOut, false, handle)
            : new(PipeDirection.InOut, false, true, handle);
        Assert.True(server.IsAsync && server.IsConnected && client.IsConnected);
        Assert.Equal(mode, server.TransmissionMode);
        client.Write([5, 6]);
        byte[] buffer = new byte[9];
        Assert.Equal(2, server.Read(buffer));
        server.Disconnect();
        Assert.Throws<InvalidOperationException>(server.WaitForConnection);
        Assert.Throws<PlatformNotSupportedException>(
            () => new NamedPipeServerStream(PipeDirection.In, false, false, new SafePipeHandle(0, ownsHandle: false)));
        Assert.Throws<ArgumentException>(
            () => new NamedPipeServerStream(PipeDirection.In, false, true, new SafePipeHandle(-1, ownsHandle: false)));
        Assert.Throws<ArgumentNullException>(() => new NamedPipeClientStream(PipeDirection.In, false, true, null!));
        Assert.Throws<ArgumentNullException>(() => new NamedPipeClientStream(PipeDirection.In, false, null!));
    }
}
