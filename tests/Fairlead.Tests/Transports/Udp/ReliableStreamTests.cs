using System.Globalization;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A link that randomly loses, duplicates and reorders: everything arrives once and in order. The test sets the time.</summary>
public sealed class ReliableStreamTests(ITestOutputHelper output)
{
    private const double Trouble = 0.3;
    private const ulong Session = 0x0123_4567_89AB_CDEF;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    [InlineData(Trouble)]
    public void Everything_arrives_once_and_in_order_both_ways(double trouble)
    {
        for (int round = 0; round < 20; round++)
        {
            int seed = Environment.GetEnvironmentVariable("FAIRLEAD_TEST_SEED") is { } given
                ? int.Parse(given, CultureInfo.InvariantCulture)
                : Random.Shared.Next();
            Random random = new(seed);
            ReliableStream[] ends = [new(Session, 100, 40), new(Session, 100, 40)];
            byte[][] sent = [Bytes(random, 30_000), Bytes(random, 10_000)];
            List<byte>[] received = [[], []];
            int[] written = [0, 0];
            List<(TimeSpan At, int To, byte[] Datagram)> link = [];
            TimeSpan now = TimeSpan.Zero;
            byte[] buffer = new byte[2_000];
            while (!ends[0].HasEnded
                || !ends[1].HasEnded
                || !ends[0].IsAcknowledged
                || !ends[1].IsAcknowledged
                || received[0].Count < sent[1].Length
                || received[1].Count < sent[0].Length)
            {
                Assert.True(now < TimeSpan.FromMinutes(20), $"It never ended; seed {seed}");
                for (int end = 0; end < 2; end++)
                {
                    if (written[end] < sent[end].Length)
                    {
                        written[end] += ends[end]
                            .Write(sent[end].AsSpan(written[end], Math.Min(random.Next(1, 700), sent[end].Length - written[end])));
                    }
                    else
                    {
                        ends[end].End();
                    }

                    while (ends[end].TrySend(now, buffer, out int length))
                    {
                        for (int copies = random.NextDouble() < trouble ? 2 : 1; copies > 0; copies--)
                        {
                            if (random.NextDouble() >= trouble)
                            {
                                TimeSpan delay = random.NextDouble() < trouble ? random.Next(1, 80) * Tick : 5 * Tick;
                                link.Add((now + delay, 1 - end, buffer[..length].ToArray()));
                            }
                        }
                    }

                    // Not always: unread data fills the window.
                    if (random.Next(3) > 0)
                    {
                        received[end].AddRange(buffer.AsSpan(0, ends[end].Read(buffer)));
                    }
                }

                now += Tick;
                foreach ((_, int to, byte[] datagram) in link.Where(one => one.At <= now).ToArray())
                {
                    Assert.True(ends[to].Receive(datagram, now));
                }

                link.RemoveAll(one => one.At <= now);
            }

            Assert.True(received[1].SequenceEqual(sent[0]), $"seed {seed}");
            Assert.True(received[0].SequenceEqual(sent[1]), $"seed {seed}");
            Assert.Equal((0, 0), (ends[0].Foreign, ends[1].Foreign));
            if (trouble == 0)
            {
                Assert.Equal((0, 0), (ends[0].Repeated, ends[1].Repeated));
            }

            output.WriteLine($"{now.TotalSeconds:0.0} s by its own clock, {ends[0].Repeated + ends[1].Repeated} repeated, seed {seed}");
        }
    }

    [Fact]
    public void Forged_or_garbage_datagrams_change_nothing_in_a_reliable_stream()
    {
        Random random = new(7);
        ReliableStream sender = new(Session);
        ReliableStream receiver = new(Session);
        byte[] datagram = new byte[2_000];
        Assert.Equal(3, sender.Write([1, 2, 3]));
        Assert.True(sender.TrySend(TimeSpan.Zero, datagram, out int length));
        for (int i = 0; i < 10_000; i++)
        {
            byte[] garbage = new byte[random.Next(0, 100)];
            random.NextBytes(garbage);
            Assert.False(receiver.Receive(garbage, TimeSpan.Zero));
        }

        // An acknowledgement of data that was never sent, and one of another session.
        byte[] forged = new byte[ReliableHeader.Size];
        new ReliableHeader(Session, 0, 5, 0, 100, ReliableFlags.None).Write(forged);
        Assert.False(sender.Receive(forged, TimeSpan.Zero));
        new ReliableHeader(Session + 1, 0, 1, 0, 100, ReliableFlags.None).Write(forged);
        Assert.False(sender.Receive(forged, TimeSpan.Zero));
        Assert.False(sender.IsAcknowledged);
        Assert.Equal((2, 10_000), (sender.Foreign, receiver.Foreign));

        Assert.True(receiver.Receive(datagram.AsSpan(0, length), TimeSpan.Zero));
        Assert.Equal(3, receiver.Read(datagram));
        Assert.Equal([1, 2, 3], datagram[..3]);
    }

    [Fact]
    public void An_unanswered_segment_is_repeated_at_growing_intervals()
    {
        ReliableStream sender = new(Session);
        byte[] datagram = new byte[2_000];
        sender.Write([1]);
        List<TimeSpan> times = [];
        TimeSpan now = TimeSpan.Zero;
        while (sender.Attempts < 8)
        {
            Assert.True(sender.TrySend(now, datagram, out _));
            times.Add(now);
            Assert.False(sender.TrySend(now, datagram, out _));
            now = sender.NextDue!.Value;
        }

        TimeSpan[] pauses = [.. times.Zip(times.Skip(1), static (first, second) => second - first)];
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(RoundTrip.MostTimeout, pauses[^1]);
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
