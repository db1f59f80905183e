using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>Reading a frame costs in proportion to its bytes, whatever a peer writes into it.</summary>
[SlowRun]
public sealed class HeavyFrameTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<IHeavy>(
        $"inproc://rpc-{Guid.NewGuid():N}", new Heavy());

    private readonly RpcClient<IHeavy> _client;

    public HeavyFrameTests() => _client = Rpc.Connect<IHeavy>($"{_server.Addresses[0]}");

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Collections_that_need_far_more_memory_than_their_bytes_are_refused()
    {
        Assert.Equal(100_000, _client.Service.Tables([.. Enumerable.Range(0, 100_000).Select(static _ => new Dictionary<int, int>())]));
        List<Dictionary<int, int>> many = [.. Enumerable.Repeat(new Dictionary<int, int>(), 4_000_000)];
        Exception refused = Assert.ThrowsAny<Exception>(() => _client.Service.Tables(many));
        Assert.Contains("16 times as much memory", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, _client.Service.Tables([[]]));
    }

    [Fact]
    public void Chosen_number_keys_do_not_collide()
    {
        // A long folds its halves to its hash, and so each of these has the hash 0.
        long[] keys = [.. Enumerable.Range(0, 10_000).Select(static i => ((long)i << 32) | (uint)i)];
        IEqualityComparer<long> comparer = new RpcKeys<long>(keys.Length).Comparer!;
        Assert.All(keys, static key => Assert.Equal(0, key.GetHashCode()));
        Assert.InRange(keys.Select(comparer.GetHashCode).Distinct().Count(), 9_990, 10_000);
        Assert.Equal(10_000, _client.Service.Numbers([.. keys]));
    }

    [Fact]
    public void Keys_with_parts_that_collide_are_refused()
    {
        const int Factor = -1521134295;
        Assert.Equal(new Point(0, 7).GetHashCode(), new Point(5, unchecked(7 - (5 * Factor))).GetHashCode());
        Dictionary<Point, int> few = Colliding(100);
        Assert.Equal(100, _client.Service.Points(few));
        Exception refused = Assert.ThrowsAny<Exception>(() => _client.Service.Points(Colliding(3000)));
        Assert.Contains("collide", refused.Message, StringComparison.Ordinal);
        Assert.Equal(100, _client.Service.Points(few));

        static Dictionary<Point, int> Colliding(int count) =>
            Enumerable.Range(0, count).ToDictionary(static i => new Point(i, unchecked(7 - (i * Factor))), static i => i);
    }

    [Fact]
    public void A_collection_that_was_read_is_compared_without_a_limit()
    {
        RpcKeys<Point> keys = new(1);
        Dictionary<Point, int> read = new(keys.Comparer) { [new Point(1, 2)] = 3 };
        keys.End();
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(3, read[new Point(1, 2)]);
        }
    }

    [Fact]
    public void Equal_keys_have_one_hash()
    {
        DateTime time = new(2031, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        Same(time, DateTime.SpecifyKind(time, DateTimeKind.Local));
        Same(new DateTimeOffset(time), new DateTimeOffset(time).ToOffset(TimeSpan.FromHours(5)));
        Same(1.0m, 1.00m);
        Same(0.0, -0.0);
        Same(Colour.Red, (Colour)1);
        Same(UInt128.MaxValue, UInt128.MaxValue);

        static void Same<T>(T one, T other)
        {
            IEqualityComparer<T> comparer = new RpcKeys<T>(1).Comparer!;
            Assert.True(comparer.Equals(one, other));
            Assert.Equal(comparer.GetHashCode(one!), comparer.GetHashCode(other!));
        }
    }

    /// <summary>An element of 32 bytes is announced by a count, before any of them has arrived.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_count_is_compared_with_the_least_size_of_its_elements(int missing, bool isRead)
    {
        byte[] frame = new byte[1 + (10 * 32) - missing];
        frame[0] = 10;
        if (isRead)
        {
            Assert.Equal(10, new RpcReader(frame).ReadCount<(decimal, Guid)>(32, 0));
        }
        else
        {
            Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadCount<(decimal, Guid)>(32, 0));
        }
    }
}
