using System.Buffers.Binary;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Only the subscriber's side of a broadcast ring; this test is the publisher, and writes any bytes.</summary>
public sealed unsafe class BroadcastReaderTests : IDisposable
{
    private const long Capacity = RingLayout.LeastCapacity;
    private const int BodyLength = 40;

    private readonly RingMemory _publisher;
    private readonly RingMemory _own;
    private readonly BroadcastReader _reader;

    public BroadcastReaderTests()
    {
        using Descriptor file = MemoryFile.Create("broadcast test", RingMemory.ControlSize + Capacity);
        using Descriptor own = MemoryFile.Create("broadcast test", RingMemory.ControlSize + Capacity);
        _publisher = new RingMemory(file, Capacity);
        _own = new RingMemory(own, Capacity);
        *(uint*)(_publisher.Control + RingLayout.MagicAt) = BroadcastLayout.Magic;
        *(uint*)(_publisher.Control + RingLayout.VersionAt) = BroadcastLayout.Version;
        *(long*)(_publisher.Control + RingLayout.CapacityAt) = Capacity;
        _reader = BroadcastReader.Accept(file, _own);
        Span<byte> sit = stackalloc byte[BroadcastLayout.SitBytes];
        BinaryPrimitives.WriteInt64LittleEndian(sit, 0);
        _reader.Sit(sit);
    }

    private ref long Tail => ref *(long*)(_publisher.Control + BroadcastLayout.TailAt);

    private ref long Floor => ref *(long*)(_publisher.Control + BroadcastLayout.FloorAt);

    public void Dispose()
    {
        _reader.Dispose();
        _publisher.Dispose();
        _own.Dispose();
    }

    [Fact]
    public void A_record_is_read_in_place()
    {
        Write(announced: BodyLength, audience: 1);

        Assert.True(_reader.Poll());
        Assert.True(_reader.TryRead(out MessageHeader header, out ReadOnlySpan<byte> body));
        Assert.Equal((BodyLength, BodyLength), (header.Length, body.Length));
        Assert.True(_reader.TryAdvance());
        Assert.True(_reader.IsDrained);
    }

    [Theory]
    [InlineData(BodyLength + 1)]
    [InlineData(1_000)]
    [InlineData(int.MaxValue)]
    public void A_record_that_extends_beyond_the_published_bytes_is_corrupt(int announced)
    {
        Write(announced, audience: 1);

        Assert.False(_reader.TryPeek(out _, out _));
        Assert.False(_reader.TryTake(default, 0, new byte[2_000], 2_000, out _));
        Assert.True(_reader.Poll());
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => _reader.TryRead(out _, out _)).Code);
    }

    [Fact]
    public void A_copy_of_a_record_that_was_released_in_between_does_not_count()
    {
        Write(announced: BodyLength, audience: 1);
        Assert.True(_reader.Poll());
        Assert.True(_reader.TryRead(out _, out _));

        Floor = Tail;

        Assert.False(_reader.TryAdvance());
        Assert.False(_reader.TryRead(out _, out _));
    }

    [Fact]
    public void A_record_for_other_subscribers_is_skipped()
    {
        Write(announced: BodyLength, audience: 2);

        Assert.True(_reader.Poll());
        Assert.False(_reader.TryRead(out _, out _));
        Assert.True(_reader.IsDrained);
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(4)]
    [InlineData(Capacity + 8)]
    public void An_impossible_position_is_corrupt(long tail)
    {
        Tail = tail;

        Assert.False(_reader.TryPeek(out _, out _));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => _reader.Poll()).Code);
    }

    /// <summary>Writes one record at the beginning, with room for <see cref="BodyLength"/> bytes whatever it announces.</summary>
    private void Write(int announced, ulong audience)
    {
        byte* record = _publisher.Data;
        *(ulong*)record = audience;
        new MessageHeader { Kind = MessageKind.Publish, Length = announced }.Write(new Span<byte>(record + 8, MessageHeader.Size));
        Volatile.Write(ref Tail, BroadcastLayout.Whole(BodyLength));
    }
}
