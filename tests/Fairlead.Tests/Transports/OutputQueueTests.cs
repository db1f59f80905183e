using Fairlead.Framing;
using Fairlead.Tests.Framing;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>Whatever is queued, and however it is written, the bytes are those of the messages, one after the other.</summary>
public sealed class OutputQueueTests : IDisposable
{
    private const int LongestLoan = 300_000;

    private static readonly byte[] Noise = MakeNoise();

    private readonly MemoryStream _expected = new();
    private readonly MemoryStream _written = new();
    private readonly byte[] _loan = new byte[LongestLoan];

    [Theory]
    [InlineData("fairlead")]
    [InlineData("length")]
    [InlineData("line")]
    [InlineData("none")]
    public void Any_sequence_of_calls_writes_the_messages_in_order(string framing) => RandomSeed.Rounds(150, random =>
    {
        StreamFraming kind = FrameStream.FramingOf(framing);
        using OutputQueue output = new(kind);
        _expected.SetLength(0);
        _written.SetLength(0);
        Range? lent = null;

        for (int step = random.Next(1, 200); step > 0; step--)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    Put(random.Next(20) == 0 ? random.Next(200_000) : random.Next(1, 3_000));
                    break;
                case 2 when !output.HasLong:
                    PutLong(random.Next(1, LongestLoan));
                    break;
                case 3 when random.Next(3) == 0:
                    output.DetachLong();
                    LoanEnded();
                    break;
                default:
                    Write(random.Next(3) switch { 0 => random.Next(1, 20), 1 => random.Next(1, 10_000), _ => int.MaxValue });
                    break;
            }

            LoanEnded();
            Assert.Equal(_expected.Length - _written.Length, output.First.Length + output.Second.Length + output.Third.Length);
            Assert.Equal(output.Buffered, output.First.Length + output.Third.Length);
            Assert.Equal(output.IsEmpty, _expected.Length == _written.Length);
        }

        while (!output.IsEmpty)
        {
            Write(random.Next(1, 100_000));
        }

        Assert.True(BytesOf(_written).SequenceEqual(BytesOf(_expected)), "other bytes were written than were put in");

        void Put(int length)
        {
            ReadOnlySpan<byte> body = Noise.AsSpan(Somewhere(length));
            body.CopyTo(output.Reserve(length));
            MessageHeader header = HeaderOf(length, 0);
            output.Commit(header);
            Expect(header, [], body);
        }

        void PutLong(int length)
        {
            ReadOnlySpan<byte> head = kind.IsFairlead ? Noise.AsSpan(Somewhere(random.Next(100))) : [];
            Range payload = Somewhere(length);
            Noise.AsSpan(payload).CopyTo(_loan);
            MessageHeader header = HeaderOf(head.Length + length, head.Length);
            lent = payload;
            output.BeginLong(header, head, _loan.AsMemory(0, length));
            Expect(header, head, Noise.AsSpan(payload));
        }

        // The caller's memory is free again at once: later changes to it must not show.
        void LoanEnded()
        {
            if (!output.HasLong && lent is { } payload)
            {
                ReadOnlySpan<byte> before = Noise.AsSpan(payload);
                Assert.True(_loan.AsSpan(0, before.Length).SequenceEqual(before), "the leased memory has changed");
                _loan.AsSpan().Fill(0xDD);
                lent = null;
            }
        }

        void Expect(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
        {
            byte[] prefix = new byte[kind.PrefixLength];
            byte[] suffix = new byte[kind.SuffixLength];
            kind.Write(prefix, header, suffix);
            _expected.Write(prefix);
            _expected.Write(head);
            _expected.Write(body);
            _expected.Write(suffix);
        }

        void Write(int most)
        {
            foreach (ReadOnlySpan<byte> part in new PartsOf(output))
            {
                int count = Math.Min(most, part.Length);
                _written.Write(part[..count]);
                most -= count;
                if (count < part.Length)
                {
                    break;
                }
            }

            output.Written((int)(_written.Length - (_expected.Length - output.First.Length - output.Second.Length - output.Third.Length)));
        }

        Range Somewhere(int length)
        {
            int start = random.Next(Noise.Length - length);
            return start..(start + length);
        }

        MessageHeader HeaderOf(int length, int headLength) =>
            MessageHeader.Of(MessageKind.Send, (uint)random.Next()) with { Length = length, HeadLength = (ushort)headLength };
    });

    [Fact]
    public void An_empty_queue_accepts_the_next_message()
    {
        using OutputQueue output = new(FairleadFraming.Instance);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(output.IsEmpty);
            Assert.Equal(5_000, output.Reserve(5_000).Length);
            output.Commit(MessageHeader.Of(MessageKind.Send) with { Length = 5_000 });
            Assert.Equal(MessageHeader.Size + 5_000, output.Buffered);
            output.Written(output.Buffered);
        }
    }

    public void Dispose()
    {
        _expected.Dispose();
        _written.Dispose();
    }

    private static ReadOnlySpan<byte> BytesOf(MemoryStream stream) => stream.GetBuffer().AsSpan(0, (int)stream.Length);

    /// <summary>Enumerates the three parts in order.</summary>
    private ref struct PartsOf(OutputQueue output)
    {
        private int _at = -1;

        public readonly ReadOnlySpan<byte> Current => _at switch { 0 => output.First, 1 => output.Second, _ => output.Third };

        public readonly PartsOf GetEnumerator() => this;

        public bool MoveNext() => ++_at < 3;
    }

    // Random bytes cost more than everything under test, so they are made once. None of them is a newline.
    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[1_000_000];
        new Random(1).NextBytes(noise);
        noise.AsSpan().Replace((byte)'\n', (byte)'x');
        return noise;
    }
}
