using System.IO.Pipes;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Pipes;

/// <summary>Pipes of messages.</summary>
[SlowRun]
public sealed class MessagePipeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    [Fact]
    public void Messages_keep_their_boundaries_in_both_directions()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        pair.Client.Write(PipePair.Bytes("one"));
        pair.Client.Write(PipePair.Bytes("three"));
        Assert.Equal("one"u8, PipePair.ReadMessage(pair.Server));
        Assert.Equal("three"u8, PipePair.ReadMessage(pair.Server));
        pair.Server.Write(PipePair.Bytes("a"));
        pair.Server.Write(PipePair.Bytes("bc"));
        Assert.Equal("a"u8, PipePair.ReadMessage(pair.Client));
        Assert.Equal("bc"u8, PipePair.ReadMessage(pair.Client));
    }

    [Fact]
    public void A_message_longer_than_the_buffer_is_read_in_parts()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        pair.Client.Write(PipePair.Bytes("0123456789"));
        pair.Client.Write(PipePair.Bytes("x"));
        byte[] buffer = new byte[4];
        Assert.Equal(4, pair.Server.Read(buffer));
        Assert.False(pair.Server.IsMessageComplete);
        Assert.Equal("0123"u8, buffer);
        Assert.Equal(4, pair.Server.Read(buffer));
        Assert.False(pair.Server.IsMessageComplete);
        Assert.Equal(2, pair.Server.Read(buffer));
        Assert.True(pair.Server.IsMessageComplete);
        Assert.Equal("89"u8, buffer.AsSpan(0, 2));
        Assert.Equal(1, pair.Server.Read(buffer));
        Assert.True(pair.Server.IsMessageComplete);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_533)]
    [InlineData(65_534)]
    [InlineData(65_535)]
    [InlineData(2 * 65_534)]
    [InlineData(1_000_000)]
    public async Task Messages_of_all_sizes_arrive_complete_with_any_buffer(int size)
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        byte[] message = new byte[size];
        new Random(size).NextBytes(message);
        foreach (int atOnce in (int[])[7, 4096, size, 65_534, 65_535, 100_000])
        {
            Task writing = pair.Client.WriteAsync(message).AsTask();
            Assert.Equal(message, await Task.Run(() => PipePair.ReadMessage(pair.Server, atOnce)));
            await writing;
        }
    }

    [Fact]
    public async Task A_message_of_64_MiB_works()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        byte[] message = new byte[64 << 20];
        new Random(1).NextBytes(message);
        Task writing = Task.Run(() => pair.Client.Write(message));
        byte[] got = await Task.Run(() => PipePair.ReadMessage(pair.Server, 1 << 20));
        await writing;
        Assert.True(message.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public void An_empty_message_is_received()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        pair.Client.Write([]);
        pair.Client.Write([1]);
        byte[] buffer = new byte[8];
        Assert.Equal(0, pair.Server.Read(buffer));
        Assert.True(pair.Server.IsMessageComplete && pair.Server.IsConnected);
        Assert.Equal(1, pair.Server.Read(buffer));
        Assert.Equal(0, pair.Server.Read([]));
        pair.Client.Dispose();
        Assert.Equal(0, pair.Server.Read(buffer));
        Assert.False(pair.Server.IsConnected);
    }

    [Fact]
    public void A_byte_reader_does_not_see_message_boundaries()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        pair.Server.ReadMode = PipeTransmissionMode.Byte;
        pair.Client.Write([]);
        pair.Client.Write(PipePair.Bytes("abc"));
        pair.Client.Write(PipePair.Bytes("def"));
        pair.Client.Dispose();
        using StreamReader reader = new(pair.Server);
        Assert.Equal("abcdef", reader.ReadToEnd());
    }

    [Fact]
    public async Task Many_small_messages_arrive_in_their_order()
    {
        int count = Environment.GetEnvironmentVariable("FAIRLEAD_FULL_SIZE") == "1" ? 1_000_000 : 100_000;
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        Task writing = Task.Run(() =>
        {
            for (int i = 0; i < count; i++)
            {
                pair.Client.Write(BitConverter.GetBytes(i));
            }
        });
        byte[] buffer = new byte[16];
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(4, await pair.Server.ReadAsync(buffer));
            Assert.Equal(i, BitConverter.ToInt32(buffer));
        }

        await writing;
    }

    [Fact]
    public async Task Writers_of_one_stream_do_not_mix_their_messages()
    {
        const int Writers = 4;
        const int Messages = 25;
        const int Size = 200_000;
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        Task[] writing =
        [
            .. Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                byte[] message = new byte[Size];
                message.AsSpan().Fill((byte)writer);
                for (int i = 0; i < Messages; i++)
                {
                    if (i % 2 == 0)
                    {
                        pair.Client.Write(message);
                    }
                    else
                    {
                        await pair.Client.WriteAsync(message);
                    }
                }
            })),
        ];
        for (int i = 0; i < Writers * Messages; i++)
        {
            byte[] got = await Task.Run(() => PipePair.ReadMessage(pair.Server, 70_000));
            Assert.Equal(Size, got.Length);
            Assert.False(got.AsSpan().ContainsAnyExcept(got[0]));
        }

        await Task.WhenAll(writing);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(600)]
    [InlineData(1 << 20)]
    public async Task A_client_that_reads_nothing_blocks_the_writer_until_it_reads(int buffer)
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message, PipeDirection.InOut, buffer);
        byte[] message = new byte[8 << 20];
        Task asynchronous = pair.Server.WriteAsync(message).AsTask();
        Task synchronous = Task.Run(() => pair.Server.Write(message));
        Assert.False(asynchronous.IsCompleted);
        Assert.Equal(message.Length, (await Task.Run(() => PipePair.ReadMessage(pair.Client, 100_000))).Length);
        Assert.Equal(message.Length, (await Task.Run(() => PipePair.ReadMessage(pair.Client, 100))).Length);
        await Task.WhenAll(asynchronous, synchronous).WaitAsync(Watchdog);
    }

    [Fact]
    public async Task Draining_waits_until_the_other_end_has_read()
    {
        foreach (PipeTransmissionMode mode in (PipeTransmissionMode[])[PipeTransmissionMode.Byte, PipeTransmissionMode.Message])
        {
            using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), mode);
            pair.Server.WaitForPipeDrain();
            for (int i = 0; i < 200; i++)
            {
                pair.Server.Write(new byte[100]);
            }

            Task draining = Task.Run(pair.Server.WaitForPipeDrain);
            byte[] buffer = new byte[100];
            for (int i = 0; i < 200; i++)
            {
                Assert.False(draining.IsCompleted);
                await pair.Client.ReadExactlyAsync(buffer);
            }

            await draining.WaitAsync(Watchdog);
            pair.Server.Write(new byte[100]);
            draining = Task.Run(pair.Server.WaitForPipeDrain);
            pair.Client.Dispose();
            await Assert.ThrowsAsync<IOException>(() => draining.WaitAsync(Watchdog));
        }
    }

    [Fact]
    public void Pipes_work_through_the_base_types_of_the_platform()
    {
        using PipePair pair = PipePair.Of(PrivateRuntime.NewName(), PipeTransmissionMode.Message);
        System.IO.Pipes.PipeStream server = pair.Server;
        Stream client = pair.Client;
        client.Write([1, 2, 3], 0, 3);
        byte[] buffer = new byte[3];
        Assert.Equal(3, server.Read(buffer, 0, 3));
        server.ReadMode = PipeTransmissionMode.Byte;
        Assert.Equal(PipeTransmissionMode.Byte, pair.Server.ReadMode);
        server.ReadMode = PipeTransmissionMode.Message;
        Assert.Equal(PipeTransmissionMode.Message, server.TransmissionMode);
        Assert.True(server.IsConnected && server.CanRead && server.CanWrite);

        // Rather than the wrong answer.
        Assert.Throws<InvalidOperationException>(() => server.IsMessageComplete);
        Assert.Throws<InvalidOperationException>(() => server.SafePipeHandle);
        server.Flush();
        Assert.True(server.FlushAsync().IsCompletedSuccessfully);
    }
}
