using Fairlead.Memory;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>The code of docs/memory.md about memory that is only read.</summary>
public sealed class MemorySnippets : IDisposable
{
    public void Dispose() => SharedRegion.RemovePosix("/counters");

    [Fact]
    public void A_read_only_region_reads_a_counter()
    {
        using var other = SharedRegion.OpenPosix("/counters", 4096);
        other.At<long>(0) = 7;
        using var counters = ReadOnlyRegion.OpenPosix("/counters");
        long requests = Volatile.Read(in counters.At<long>(0));
        Assert.Equal(7, requests);
    }
}
