using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fairlead.Tests.Patterns;

public sealed class StructMessageTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Places => new("inproc", "unix", "shm", "tcp");

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_value_arrives_as_it_was_sent_by_every_verb(string scheme)
    {
        Tick tick = new(101.25, 40, 'B');
        await using Receiver receiver = await Receiver.BindAsync(Place(scheme));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        Assert.Equal(SendResult.Sent, sender.TrySend(in tick));
        sender.Send(in tick);
        await sender.SendAsync(in tick);
        for (int i = 0; i < 3; i++)
        {
            using Message message = receiver.Receive(Long);
            Assert.Equal(tick, message.Value<Tick>());
        }

        ValueTask<Delivery> delivering = sender.DeliverAsync(in tick, Long);
        using (Message message = receiver.Receive(Long))
        {
            Assert.Equal(tick, message.Value<Tick>());
            message.Accept();
        }

        Assert.True((await delivering).IsDelivered);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_value_is_published_under_a_topic(string scheme)
    {
        await using Publisher publisher = await Publisher.BindAsync(Place(scheme));
        await using Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address);
        while (publisher.Publish("eu.bond", new Tick(1, 2, 'S')) == 0)
        {
            await Task.Yield();
        }

        using Message message = subscriber.Receive(Long);
        Assert.Equal(new Tick(1, 2, 'S'), message.Value<Tick>());
        Assert.Equal("eu.bond", message.Topic);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_handler_receives_a_value_and_returns_a_value(string scheme)
    {
        using CancellationTokenSource stop = new();
        await using Responder responder = await Responder.BindAsync(Place(scheme));
        Task serving = responder.RunAsync<Operands, long>(
            (operands, _) => ValueTask.FromResult((long)operands.Left + operands.Right), cancellationToken: stop.Token);
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        Assert.Equal(5, requester.Request<Operands, long>(new(2, 3), Long));
        Assert.Equal(7, await requester.RequestAsync<Operands, long>(new(3, 4), Long));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_reader_with_another_layout_is_refused_by_name()
    {
        await using Receiver receiver = await Receiver.BindAsync(Place("shm"));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        sender.Send(new Tick(1, 2, 'B'));
        using Message message = receiver.Receive(Long);
        FairleadException refused = Assert.Throws<FairleadException>(() => _ = message.Value<Later.Tick>());
        Assert.Equal(ErrorCode.Incompatible, refused.Code);
        Assert.Matches(
            @"^the message holds Tick \(at most 24 bytes, layout [0-9a-f]{16}\), "
                + @"and Tick \(24 bytes, layout [0-9a-f]{16}\) was read from it",
            refused.WhatHappened);
        FairleadException wrong = Assert.Throws<FairleadException>(() => _ = message.Value<Operands>());
        Assert.Contains("holds Tick", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Operands (8 bytes", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(new Tick(1, 2, 'B'), message.Value<Tick>());
    }

    [Fact]
    public async Task A_message_without_the_mark_of_a_value_is_refused()
    {
        await using Receiver receiver = await Receiver.BindAsync(Place("inproc"));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        foreach (byte[] bytes in new[] { [], new byte[1], new byte[24], new byte[48], new byte[4096] })
        {
            sender.Send(bytes);
            using Message message = receiver.Receive(Long);
            FairleadException refused = Assert.Throws<FairleadException>(() => _ = message.Value<Tick>());
            Assert.Equal(ErrorCode.Incompatible, refused.Code);
            Assert.Contains($"of {bytes.Length} bytes holds no unmanaged value", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_hostile_mark_is_refused_and_its_name_cannot_steer_a_terminal()
    {
        await using Receiver receiver = await Receiver.BindAsync(Place("inproc"));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        Random random = new(5);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(24, 80)];
            random.NextBytes(bytes);
            bytes[^1] = 0xFA;
            sender.Send(bytes);
            using Message message = receiver.Receive(Long);
            FairleadException refused = Assert.Throws<FairleadException>(() => _ = message.Value<Tick>());
            Assert.DoesNotContain(refused.Message, char.IsControl);
        }
    }

    [Fact]
    public async Task The_bytes_are_the_value_zeroes_and_the_mark()
    {
        await using Receiver receiver = await Receiver.BindAsync(Place("inproc"));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        sender.Send((byte)7);
        using Message message = receiver.Receive(Long);
        Assert.Equal(32, message.Length);
        Assert.Equal([7, 0, 0, 0, 0, 0, 0, 0], message.Span[..8].ToArray());
        Assert.Equal(LayoutFingerprint.Of<byte>(), MemoryMarshal.Read<ulong>(message.Span[8..]));
        Assert.Equal("Byte\0\0\0\0\0\0\0\0\0\0\0"u8.ToArray(), message.Span[16..31].ToArray());
        Assert.Equal(0xFA, message.Span[31]);
    }

    [Fact]
    public async Task A_large_value_travels_too()
    {
        await using Receiver receiver = await Receiver.BindAsync(Place("unix"));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        Block[] block = new Block[1];
        MemoryMarshal.AsBytes(block.AsSpan()).Fill(9);
        ValueTask sending = sender.SendAsync(in block[0]);
        using Message message = receiver.Receive(Long);
        await sending;
        Assert.Equal(-1, MemoryMarshal.AsBytes(new ReadOnlySpan<Block>(in message.Value<Block>())).IndexOfAnyExcept((byte)9));
    }

    [Fact]
    public void Sending_and_reading_a_value_allocates_nothing()
    {
        using Receiver receiver = Receiver.Bind(Place("shm"));
        using Sender sender = Sender.Connect(receiver.Address);
        Tick tick = new(1, 2, 'B');

        // The first round fills pools.
        long least = Allocations.Least(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                sender.Send(in tick);
                using Message message = receiver.Receive();
                Check(in message.Value<Tick>(), in tick);
            }
        });
        Assert.Equal(0, least);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Check(in Tick actual, in Tick expected)
        {
            if (actual != expected)
            {
                Assert.Equal(expected, actual);
            }
        }
    }

    private static string Place(string scheme) =>
        scheme == "tcp" ? "tcp://127.0.0.1:0" : $"{scheme}://structs-{Guid.NewGuid():N}";

    private readonly record struct Tick(double Price, long Volume, char Side);

    private readonly record struct Operands(int Left, int Right);

    [InlineArray(60_000)]
    private struct Block
    {
        private byte _first;
    }

    private static class Later
    {
        public readonly record struct Tick(double Price, int Volume, char Side, int Venue);
    }
}
