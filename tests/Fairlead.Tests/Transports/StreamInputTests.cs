using Fairlead.Framing;
using Fairlead.Tests.Framing;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>However the bytes of a stream are cut, the same messages come out; and no invalid bytes do more than end the stream.</summary>
[SlowRun]
public sealed class StreamInputTests
{
    private const int NoLimit = int.MaxValue - 64;

    [Theory]
    [InlineData("fairlead", 3_000, 40)]
    [InlineData("fairlead", 300_000, 15)]
    [InlineData("fairlead", 5_000_000, 5)]
    [InlineData("length", 3_000, 30)]
    [InlineData("length", 300_000, 15)]
    [InlineData("length", 5_000_000, 3)]
    [InlineData("line", 3_000, 30)]
    [InlineData("line", 300_000, 15)]
    [InlineData("line", 5_000_000, 3)]
    [InlineData("nul", 300_000, 15)]
    public void Any_cut_of_a_stream_gives_the_same_messages(string framing, int longest, int rounds) => RandomSeed.Rounds(rounds, random =>
    {
        FrameStream stream = FrameStream.Make(framing, random, longest);
        using StreamInput input = new(FrameStream.FramingOf(framing)) { ExpectsHandshake = false, TrustsLengths = random.Next(2) == 0 };
        HeldLeases held = new(random, most: random.Next(3) * 20);
        int next = 0;

        foreach (ArraySegment<byte> piece in Cut(stream.Bytes, random))
        {
            Feed(input, piece, random, Take);
        }

        input.Ended();
        Take();

        Assert.Equal(stream.Messages.Count, next);
        Assert.False(input.HasPart);
        held.GiveBackAll();

        void Take()
        {
            while (input.TryTake(NoLimit, out Incoming message))
            {
                Assert.True(next < stream.Messages.Count, "more messages came than were written");
                (MessageHeader header, byte[] body) = stream.Messages[next++];
                MessageHeader read = message.Header;
                Assert.Equal(
                    (header.Kind, header.Flags, header.HeadLength, header.Id, header.Ack, header.Length),
                    (read.Kind, read.Flags, read.HeadLength, read.Id, read.Ack, read.Length));
                held.Add(message, body);
            }
        }
    });

    [Fact]
    public void Without_framing_nothing_is_lost_and_the_limit_holds() => RandomSeed.Rounds(50, random =>
    {
        byte[] bytes = new byte[random.Next(1, 400_000)];
        random.NextBytes(bytes);
        int limit = random.Next(1, 100_000);
        using StreamInput input = new(RawFraming.Instance);
        using MemoryStream arrived = new();
        HeldLeases held = new(random, most: 10);

        foreach (ArraySegment<byte> piece in Cut(bytes, random))
        {
            Feed(input, piece, random, () =>
            {
                while (input.TryTake(limit, out Incoming message))
                {
                    Assert.InRange(message.Body.Length, 1, limit);
                    byte[] body = message.Body.ToArray();
                    arrived.Write(body);
                    held.Add(message, body);
                }
            });
        }

        held.GiveBackAll();
        Assert.True(arrived.ToArray().AsSpan().SequenceEqual(bytes));
    });

    /// <summary>
    /// A byte is changed, the end comes early, or all is noise: then messages come, or the stream is refused, and nothing else happens.
    /// </summary>
    [Theory]
    [InlineData("fairlead")]
    [InlineData("length")]
    [InlineData("line")]
    [InlineData("nul")]
    [InlineData("none")]
    public void Any_bytes_are_decoded_or_refused(string framing) => RandomSeed.Rounds(80, random =>
    {
        byte[] bytes = Spoilt(framing, random);
        int limit = random.Next(3) switch { 0 => random.Next(1, 100), 1 => 100_000, _ => 20_000_000 };
        using StreamInput input = new(FrameStream.FramingOf(framing)) { TrustsLengths = random.Next(2) == 0 };
        input.ExpectsHandshake &= random.Next(2) == 0;
        long taken = 0;

        try
        {
            foreach (ArraySegment<byte> piece in Cut(bytes, random))
            {
                Feed(input, piece, random, Take);
            }

            input.Ended();
            Take();
        }
        catch (FairleadException exception)
        {
            Assert.True(exception.Code is ErrorCode.Corrupt or ErrorCode.TooLarge, exception.ToString());
        }

        // The result contains only received bytes, never earlier contents of the memory.
        Assert.True(taken <= bytes.Length, $"{taken} bytes were taken of {bytes.Length}");

        void Take()
        {
            while (input.TryTake(limit, out Incoming message))
            {
                input.ExpectsHandshake = false;
                Assert.True(message.Body.Length <= Math.Max(limit, Handshake.LongestBody));
                Assert.Equal(message.Header.Length, message.Body.Length);
                Assert.True(message.Header.HeadLength <= message.Body.Length);
                taken += message.Body.Length + (FrameStream.FramingOf(framing).PrefixLength);
                HeadReader.IsWellFormed(message.Head, out _);
                HeadReader.TryGet(message.Head, HeadField.Topic, out ReadOnlySpan<byte> _);
                HeadReader.TryGet(message.Head, HeadField.Deadline, out ulong _);
                message.Release();
            }
        }
    });

    [Fact]
    public void Any_handshake_is_decoded_or_refused() => RandomSeed.Rounds(2_000, random =>
    {
        byte[] frame = GoldenFile.Read(random.Next(2) == 0 ? "hello" : "refuse");
        for (int i = random.Next(4); i > 0; i--)
        {
            frame[random.Next(frame.Length)] = (byte)random.Next(256);
        }

        byte[] body = frame[MessageHeader.Size..random.Next(MessageHeader.Size, frame.Length + 1)];
        MessageHeader header = MessageHeader.Read(frame, out _);
        try
        {
            Handshake decoded = Handshake.Decode(header, body);
            Assert.InRange(decoded.CommonVersion(), 0, Handshake.HighestVersion);
            Assert.True(decoded.Heartbeat >= TimeSpan.Zero);
        }
        catch (FairleadException exception)
        {
            Assert.Equal(ErrorCode.Corrupt, exception.Code);
        }
    });

    [Theory]
    [InlineData("fairlead")]
    [InlineData("length")]
    public void Memory_for_a_large_announced_length_grows_as_the_bytes_arrive(string framing)
    {
        const int Length = 1 << 30;
        byte[] prefix = framing == "length" ? [0x40, 0, 0, 0] : [0x40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        using StreamInput input = new(FrameStream.FramingOf(framing)) { ExpectsHandshake = false };
        long before = GC.GetAllocatedBytesForCurrentThread();

        Feed(input, prefix, new Random(1), () => Assert.False(input.TryTake(Length, out _)));
        Assert.InRange(input.Room().Length, 1, 1 << 20);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void An_idle_stream_holds_no_memory()
    {
        using StreamInput input = new(FairleadFraming.Instance) { ExpectsHandshake = false };
        byte[] ping = GoldenFile.Read("ping");
        Incoming message = default;
        Feed(input, ping, new Random(1), () => Assert.True(input.TryTake(NoLimit, out message)));
        var chunk = Assert.IsType<Chunk>(message.Lease);
        Assert.False(input.TryTake(NoLimit, out _));

        Assert.True(chunk.IsUnshared);
        message.Release();
    }

    [Fact]
    public void Small_messages_are_packed_after_those_that_are_still_unread()
    {
        using StreamInput input = new(FairleadFraming.Instance) { ExpectsHandshake = false };
        byte[] ping = GoldenFile.Read("ping");
        List<Incoming> unread = [];
        for (int i = 0; i < 1000; i++)
        {
            Feed(input, ping, new Random(1), Take);
        }

        Assert.InRange(unread.Select(static message => message.Lease).Distinct().Count(), 1, 2 + (1000 * ping.Length / Chunk.PooledSize));
        Assert.All(unread, message => Assert.Equal(unread[0].Body.ToArray(), message.Body.ToArray()));
        unread.ForEach(static message => message.Release());

        void Take()
        {
            while (input.TryTake(NoLimit, out Incoming message))
            {
                unread.Add(message);
            }
        }
    }

    /// <summary>
    /// A line's length is known only at its end. Memory for it grows by doubling; otherwise each piece would cost a copy of all earlier
    /// ones.
    /// </summary>
    [Fact]
    public void A_long_line_that_arrives_in_small_pieces_is_moved_seldom()
    {
        const int Line = 5_000_000;
        const int Piece = 100;
        using StreamInput input = new(DelimitedFraming.Line);
        int moves = 0;
        int expected = 0;
        for (int i = 0; i < Line; i += Piece)
        {
            Span<byte> room = input.Room();
            moves += room.Length == expected ? 0 : 1;
            room[..Piece].Fill((byte)'x');
            input.Filled(Piece);
            Assert.False(input.TryTake(NoLimit, out _));
            expected = room.Length - Piece;
        }

        Assert.InRange(moves, 1, 12);
    }

    private static byte[] Spoilt(string framing, Random random)
    {
        if (framing == "none" || random.Next(4) == 0)
        {
            byte[] noise = new byte[random.Next(300_000)];
            random.NextBytes(noise);
            return noise;
        }

        byte[] bytes = FrameStream.Make(framing, random, longest: 150_000).Bytes;
        if (random.Next(2) == 0)
        {
            bytes = bytes[..random.Next(bytes.Length + 1)];
        }

        for (int i = random.Next(1, 5); i > 0 && bytes.Length > 0; i--)
        {
            // Mostly near the beginning, where a header is.
            bytes[random.Next(2) == 0 ? random.Next(Math.Min(40, bytes.Length)) : random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
        }

        return bytes;
    }

    private static IEnumerable<ArraySegment<byte>> Cut(byte[] bytes, Random random)
    {
        int largest = random.Next(5) switch { 0 => 3, 1 => 40, 2 => 5_000, 3 => 100_000, _ => 3_000_000 };
        largest = Math.Max(largest, bytes.Length / 100_000);
        for (int start = 0; start < bytes.Length;)
        {
            int length = Math.Min(random.Next(1, largest + 1), bytes.Length - start);
            yield return new ArraySegment<byte>(bytes, start, length);
            start += length;
        }
    }

    /// <summary>
    /// Feeds bytes like a series of reads: each as large as the room, and its messages are taken before the next. Sometimes a read finds
    /// nothing.
    /// </summary>
    private static void Feed(StreamInput input, ArraySegment<byte> piece, Random random, Action take)
    {
        Span<byte> rest = piece;
        while (!rest.IsEmpty)
        {
            Span<byte> room = input.Room();
            Assert.False(room.IsEmpty);
            int count = random.Next(50) == 0 ? 0 : Math.Min(room.Length, rest.Length);
            rest[..count].CopyTo(room);

            // Bytes that were not filled must not be read.
            room[count..Math.Min(room.Length, count + 64)].Fill(0xEE);
            input.Filled(count);
            rest = rest[count..];
            take();
        }
    }
}
