using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>The pool of large arrays: how long they are, and how many are kept.</summary>
public sealed class LargeBuffersTests
{
    private const int Least = LargeBuffers.Least;

    [Theory]
    [InlineData(0, Least)]
    [InlineData(Least, Least)]
    [InlineData(Least + 1, Least * 5 / 4)]
    [InlineData(Least * 5 / 4, Least * 5 / 4)]
    [InlineData((1 << 20) + 16, (1 << 20) * 5 / 4)]
    [InlineData((2 << 20) - 1, 2 << 20)]
    public void An_array_is_at_most_a_quarter_longer_than_requested(int size, int length) =>
        Assert.Equal(length, new LargeBuffers(0).Rent(size).Length);

    [Fact]
    public void An_array_is_reused_for_each_size_of_its_class()
    {
        LargeBuffers pool = new(8 * Least);
        byte[] array = pool.Rent(Least + 1);
        byte[] other = pool.Rent(3 * Least);
        pool.Return(array);
        pool.Return(other);
        Assert.NotSame(array, pool.Rent(Least));
        Assert.Same(array, pool.Rent(Least + 7));
        Assert.Same(other, pool.Rent(3 * Least));
        Assert.NotSame(other, pool.Rent(3 * Least));
    }

    [Fact]
    public void The_kept_bytes_are_bounded_and_the_array_unused_longest_is_dropped_first()
    {
        LargeBuffers pool = new(4 * Least);
        byte[][] small = [.. Enumerable.Range(0, 3).Select(_ => pool.Rent(Least))];
        byte[] large = pool.Rent(2 * Least);
        byte[] tooLarge = pool.Rent(5 * Least);
        foreach (byte[] array in (byte[][])[.. small, large, tooLarge])
        {
            pool.Return(array);
        }

        Assert.NotSame(tooLarge, pool.Rent(5 * Least));
        Assert.Same(large, pool.Rent(2 * Least));
        Assert.Same(small[2], pool.Rent(Least));
        Assert.Same(small[1], pool.Rent(Least));
        byte[] another = pool.Rent(Least);
        Assert.All(small, array => Assert.NotSame(array, another));
    }
}
