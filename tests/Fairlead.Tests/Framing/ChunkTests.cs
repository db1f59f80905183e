using System.Runtime.InteropServices;
using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Receive memory, held by its reader and by the messages in it.</summary>
public sealed class ChunkTests
{
    [Theory]
    [InlineData(0, Chunk.PooledSize)]
    [InlineData(Chunk.PooledSize, Chunk.PooledSize)]
    [InlineData(Chunk.PooledSize + 1, Chunk.PooledSize + 1)]
    public void A_long_message_has_a_chunk_of_exactly_its_size(int wanted, int capacity)
    {
        Chunk chunk = Chunk.Rent(wanted);
        Assert.Equal((capacity, capacity, capacity - 10), (chunk.Capacity, chunk.Free(0).Length, chunk.Free(10).Length));
        chunk.Free(0)[7] = 42;
        Assert.Equal((42, 3), (chunk.Slice(7, 10)[0], chunk.Slice(7, 10).Length));
        Assert.Equal((42, 2), (chunk.Memory(7, 2).Span[0], chunk.Memory(7, 2).Length));
        chunk.Release();
    }

    [Theory]
    [InlineData(Chunk.PooledSize)]
    [InlineData(Chunk.PooledSize + 1)]
    public void The_last_holder_returns_the_chunk(int size)
    {
        Chunk chunk = Chunk.Rent(size);
        Assert.True(chunk.IsUnshared);
        chunk.Hold();
        Assert.False(chunk.IsUnshared);
        chunk.Release(token: 7);
        Assert.True(chunk.IsUnshared);
        int mark = chunk.Park();
        Assert.False(chunk.TryHoldAgain(mark));
    }

    [Fact]
    public void A_parked_chunk_can_be_held_again_while_others_hold_it()
    {
        Chunk chunk = Chunk.Rent();
        chunk.Hold();
        int mark = chunk.Park();
        Assert.True(chunk.IsUnshared);
        Assert.False(chunk.TryHoldAgain(mark + 1));
        Assert.True(chunk.TryHoldAgain(mark));
        Assert.False(chunk.IsUnshared);
        chunk.Release();
        Assert.True(chunk.IsUnshared);
        chunk.Release();
        Assert.False(chunk.TryHoldAgain(mark));
    }

    [Fact]
    public void A_chunk_that_is_rented_again_does_not_match_its_old_mark()
    {
        // The pool belongs to the process: if other tests have just filled it, it keeps none of these, but perhaps the next one.
        while (!IsOneRentedAgain())
        {
        }
    }

    private static bool IsOneRentedAgain()
    {
        // More than the pool holds: at least one is not kept.
        Chunk[] all = [.. Enumerable.Range(0, 70).Select(static _ => Chunk.Rent())];
        Assert.Equal(all.Length, all.Distinct().Count());
        Chunk large = Chunk.Rent(Chunk.PooledSize + 1);
        large.Release();
        int[] marks = [.. all.Select(static chunk => chunk.Park())];
        Chunk[] again = [.. Enumerable.Range(0, 70).Select(static _ => Chunk.Rent())];
        Assert.Equal(again.Length, again.Distinct().Count());
        Assert.DoesNotContain(large, again);
        foreach (Chunk chunk in again)
        {
            Assert.Equal((Chunk.PooledSize, true), (chunk.Free(0).Length, chunk.IsUnshared));
            int at = Array.IndexOf(all, chunk);
            Assert.False(at >= 0 && chunk.TryHoldAgain(marks[at]));
            chunk.Release();
        }

        return again.Any(all.Contains);
    }

    [Fact]
    public void Packed_messages_keep_their_order_and_their_bytes()
    {
        using ChunkPacker packer = new();
        List<(Incoming Message, byte[] Body)> packed = [];
        foreach (int length in (int[])[0, 1, 40_000, 20_000, 6_000, Chunk.PooledSize, Chunk.PooledSize + 1, 3])
        {
            byte[] body = new byte[length];
            body.AsSpan().Fill((byte)(length + 1));
            packed.Add((packer.Pack(new MessageHeader { Kind = MessageKind.Send, Id = (uint)length }, body), body));
        }

        packer.Park();
        foreach ((Incoming message, byte[] body) in packed)
        {
            Assert.Equal((uint)body.Length, message.Header.Id);
            Assert.True(message.Body.Span.SequenceEqual(body));
        }

        // The last chunk still holds a message: the next one lies behind it.
        Incoming next = packer.Pack(default, "next"u8);
        Assert.Same(packed[^1].Message.Lease, next.Lease);
        Assert.True(packed[^1].Message.Body.Span.SequenceEqual(packed[^1].Body));
        Assert.True(next.Body.Span.SequenceEqual("next"u8));
        Assert.Same(packed[0].Message.Lease, packed[3].Message.Lease);
        Assert.NotSame(packed[3].Message.Lease, packed[4].Message.Lease!);
        packed.ForEach(static one => one.Message.Release());
        next.Release();
    }

    [Fact]
    public void A_message_that_fits_exactly_has_no_chunk_of_its_own()
    {
        ChunkPacker packer = new();
        Incoming first = packer.Pack(default, new byte[40_000]);
        Incoming second = packer.Pack(default, new byte[Chunk.PooledSize - 40_000]);
        Assert.Same(first.Lease, second.Lease);
        Chunk chunk = (Chunk)first.Lease!;
        second.Release();

        // The message and the packer hold it; then the message alone, whether the packer is parked or disposed.
        Assert.False(chunk.IsUnshared);
        packer.Park();
        Assert.True(chunk.IsUnshared);
        Incoming third = packer.Pack(default, []);
        Assert.Same(chunk, third.Lease);
        third.Release();
        Assert.False(chunk.IsUnshared);
        packer.Dispose();
        Assert.True(chunk.IsUnshared);
        first.Release();
    }

    [Fact]
    public void A_packer_starts_at_the_front_of_its_chunk_when_no_message_holds_it()
    {
        using ChunkPacker packer = new();
        Incoming first = packer.Pack(default, new byte[400]);
        MemoryLease chunk = first.Lease!;
        first.Release();
        Assert.Equal((null, 0), (first.Lease, first.Body.Length));
        Incoming second = packer.Pack(default, new byte[400]);
        Assert.Same(chunk, second.Lease);
        Assert.True(MemoryMarshal.TryGetArray(second.Body, out ArraySegment<byte> place));
        Assert.Equal(0, place.Offset);
        second.Release();
    }

    [Fact]
    public void A_parked_chunk_can_be_unparked_once_and_only_while_messages_are_in_it()
    {
        ParkedChunk parked = default;
        Assert.Null(parked.TakeBack(out _));
        Chunk chunk = Chunk.Rent();
        chunk.Hold();
        parked.Park(chunk, 5);
        Assert.Same(chunk, parked.TakeBack(out int filled));
        Assert.Equal((5, false), (filled, chunk.IsUnshared));
        Assert.Null(parked.TakeBack(out _));
        parked.Park(chunk, 6);
        chunk.Release();
        Assert.Null(parked.TakeBack(out _));
    }

    [Fact]
    public void A_message_consists_of_its_head_and_its_payload()
    {
        byte[] body = [1, 2, 3, 4, 5];
        Incoming message = new() { Header = new MessageHeader { HeadLength = 2 }, Body = body };
        Assert.Equal("0102", Convert.ToHexString(message.Head));
        Assert.Equal("030405", Convert.ToHexString(message.Payload.Span));
    }
}
