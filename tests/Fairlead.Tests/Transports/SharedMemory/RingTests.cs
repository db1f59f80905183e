using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>The ring alone, both ends in one process over two mappings of the same memory.</summary>
public sealed partial class RingTests : IDisposable
{
    private const long Capacity = RingLayout.LeastCapacity;

    private readonly RingMemory _near;
    private readonly RingMemory _far;
    private readonly RingReader _reader;
    private readonly RingWriter _writer;
    private int _roomMade;

    public RingTests()
    {
        using Descriptor file = MemoryFile.Create("ring test", RingMemory.ControlSize + Capacity);
        _near = new RingMemory(file, Capacity);
        _far = new RingMemory(file, Capacity);
        _reader = new RingReader(_near, () => _roomMade++);
        _writer = new RingWriter(_far);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public void The_fields_of_a_ring_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (0, 4, 8, 128, 136, 256, 384, 512),
            (
                RingLayout.MagicAt,
                RingLayout.VersionAt,
                RingLayout.CapacityAt,
                RingLayout.TailAt,
                RingLayout.EndedAt,
                RingLayout.HeadAt,
                RingLayout.ReaderAt,
                RingLayout.WriterAt));
        Assert.Equal(
            (140, 144, 264, 268),
            (RingLayout.UnfencedTailAt, RingLayout.SenderFencesAt, RingLayout.UnfencedHeadAt, RingLayout.ReceiverFencesAt));
        Assert.Equal((16, 24, 24, 32), (RingLayout.Whole(0), RingLayout.Whole(1), RingLayout.Whole(8), RingLayout.Whole(9)));
        Assert.Equal(
            (128 * 1024L, 2 * 1024 * 1024L, 1L << 30),
            (RingLayout.CapacityFor(1, 1), RingLayout.CapacityFor(1 << 20, 16 * 1024), RingLayout.CapacityFor(1 << 30, 1 << 20)));
    }

    [Fact]
    public void Written_messages_of_any_length_are_read_in_any_order_of_returning_leases() => RandomSeed.Rounds(20, random =>
    {
        Queue<(int Length, byte Fill)> under = [];
        List<Incoming> leases = [];
        for (int i = 0; i < 5_000; i++)
        {
            int length = random.Next(3) == 0 ? random.Next(20_000) : random.Next(100);
            if (random.Next(2) == 0 && _writer.TryReserve(length, out Span<byte> body))
            {
                byte fill = (byte)random.Next(256);
                body.Fill(fill);
                _writer.Commit(new MessageHeader { Kind = (MessageKind)1, Length = length });
                under.Enqueue((length, fill));
                if (random.Next(3) > 0)
                {
                    _writer.Publish();
                }
            }

            if (random.Next(2) == 0)
            {
                _ = _reader.Poll();
                while (_reader.TryRead(out MessageHeader header, out int announced))
                {
                    (int expected, byte fill) = under.Dequeue();
                    Assert.Equal((expected, expected), (announced, header.Length));
                    Assert.Equal(-1, _reader.Body(announced).IndexOfAnyExcept(fill));
                    if (random.Next(2) == 0)
                    {
                        leases.Add(_reader.Lease(header, announced));
                    }
                    else
                    {
                        _reader.Advance(announced);
                    }
                }

                _reader.GiveBack();
            }

            while (leases.Count > random.Next(6))
            {
                int at = random.Next(leases.Count);
                Incoming lease = leases[at];
                leases.RemoveAt(at);
                lease.Release();
            }
        }

        _writer.Publish();
        _ = _reader.Poll();
        while (_reader.TryRead(out _, out int length))
        {
            _reader.Advance(length);
        }

        leases.ForEach(static lease => lease.Release());
        _reader.GiveBack();
        Assert.True(_writer.TryReserve(_writer.LongestBody, out _), "Nothing of the ring is lost.");
    });

    [Fact]
    public void A_full_ring_accepts_nothing_and_wakes_its_writer_when_enough_space_is_free()
    {
        while (_writer.TryReserve(1000, out _))
        {
            _writer.Commit(new MessageHeader { Kind = (MessageKind)1, Length = 1000 });
        }

        _writer.Publish();
        Assert.True(_writer.PrepareWait());
        Assert.True(_reader.Poll());
        Assert.True(_reader.TryRead(out MessageHeader header, out int length));
        Incoming first = _reader.Lease(header, length);
        while (_reader.TryRead(out _, out length))
        {
            _reader.Advance(length);
        }

        _reader.GiveBack();
        Assert.Equal(0, _roomMade);
        Assert.True(_writer.PrepareWait());
        first.Release();
        Assert.Equal(1, _roomMade);
        Assert.False(_writer.PrepareWait());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_held_back_message_is_published_with_the_next_message_or_the_end(bool ends)
    {
        MessageHeader header = new() { Kind = (MessageKind)1, Length = 3 };
        Assert.True(_writer.TryWrite(header, default, "one"u8, holdsBack: true, out _));
        Assert.Equal(RingLayout.Whole(3), _writer.Unpublished);
        Assert.False(_reader.Poll());
        if (ends)
        {
            _ = _writer.End();
        }
        else
        {
            Assert.True(_writer.TryWrite(header, default, "two"u8, holdsBack: false, out _));
        }

        Assert.Equal((0L, ends), (_writer.Unpublished, _reader.HasEnded));
        Assert.True(_reader.Poll());
        Assert.True(_reader.TryRead(out _, out int length));
        Assert.Equal("one", Encoding.ASCII.GetString(_reader.Body(length)));
        _reader.Advance(length);
        Assert.Equal(!ends, _reader.TryRead(out _, out _));
    }

    [Fact]
    public void A_sleeping_reader_is_reported_once()
    {
        Assert.True(_reader.PrepareWait());
        Assert.Equal(Sleeper.BehindDoorbell, Write());
        Assert.Equal(Sleeper.None, Write());
        Assert.False(_reader.PrepareWait());
        Assert.Equal(Sleeper.None, Write());

        Sleeper Write()
        {
            Assert.True(_writer.TryReserve(8, out _));
            _writer.Commit(new MessageHeader { Kind = (MessageKind)1, Length = 8 });
            return _writer.Publish();
        }
    }

    [Fact]
    public void No_sleeper_is_missed_if_fences_are_omitted()
    {
        const int Messages = 300_000;
        bool wasLeftOut = false;
        Exception? failure = null;
        SpinWait.SpinUntil(static () => RemoteFence.IsReached || !RemoteFence.IsAvailable);
        Word(_near, RingLayout.UnfencedHeadAt) |=
            (RemoteFence.IsAvailable ? 1L : 0) << (8 * (RingLayout.ReceiverFencesAt - RingLayout.UnfencedHeadAt));
        Thread reading = new(() =>
        {
            try
            {
                for (int read = 0; read < Messages;)
                {
                    if (!_reader.Poll())
                    {
                        // Spins now and then: then the reader is met both awake and asleep.
                        bool hasWaited = (read & 1024) != 0 && SpinWait.SpinUntil(() => _reader.HasArrived, 1);
                        wasLeftOut |= (int)Word(_near, RingLayout.UnfencedTailAt) != 0;
                        if (hasWaited)
                        {
                            continue;
                        }

                        _reader.Sleep(Timeout.InfiniteTimeSpan, static () => false);
                        continue;
                    }

                    while (_reader.TryRead(out _, out int length))
                    {
                        _reader.Advance(length);
                        read++;
                    }

                    _reader.GiveBack();
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        reading.Start();
        RandomSeed.Rounds(1, random =>
        {
            for (int written = 0; written < Messages;)
            {
                if (_writer.TryReserve(8, out _))
                {
                    _writer.Commit(new MessageHeader { Kind = (MessageKind)1, Length = 8 });
                    _writer.Publish();
                    written++;
                    if (random.Next(200) == 0)
                    {
                        // Now and then long enough for the reader to be about to sleep.
                        Thread.SpinWait(random.Next(2_000));
                    }
                }
            }
        });
        reading.Join();
        Assert.Null(failure);
        Assert.True(wasLeftOut || !RemoteFence.IsAvailable, "Fences were made all the time.");
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(4)]
    [InlineData(Capacity + 8)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void An_impossible_tail_is_corrupt(long tail)
    {
        Word(_far, RingLayout.TailAt) = tail;

        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => _reader.Poll()).Code);
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(long.MaxValue)]
    public void An_impossible_head_is_corrupt_and_leaves_no_space(long head)
    {
        Word(_near, RingLayout.HeadAt) = head;

        Assert.True(_writer.LongestNow < 0);
        Assert.True(_writer.IsCorrupt);
    }

    [Theory]
    [InlineData(0x7FFF_FFFF)]
    [InlineData(0xFFFF_FFFF)]
    [InlineData(9)]
    public unsafe void A_record_that_extends_beyond_the_published_bytes_is_corrupt(uint length)
    {
        Assert.True(_writer.TryReserve(8, out _));
        _writer.Commit(new MessageHeader { Kind = (MessageKind)1, Length = (int)length });
        _writer.Publish();
        Assert.True(_reader.Poll());

        // A peek leaves the error to the calls that report it.
        Assert.False(_reader.TryPeek(out _, out _));
        Assert.False(_reader.TryPeekPlain(looks: true, out _, out _));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => _reader.TryRead(out _, out _)).Code);
    }

    private static unsafe ref long Word(RingMemory memory, int at) => ref Unsafe.AsRef<long>(memory.Control + at);
}
