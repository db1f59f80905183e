using Xunit.Sdk;
using Xunit.v3;

namespace Fairlead.Tests;

/// <summary>
/// Starts with the classes that wait for seconds: then none of them is left alone at the end. The others come in random order, a new one
/// each time.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        "ReliableUdpContracts+Crash",
        "RandomTests",
        "DescriptorLimitTests",
        "LongMessageTests",
        "LossyLinkTests",
        "SystemCallFaultTests",
        "FaultTests",
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        TTestCollection[] shuffled = [.. testCollections];
        Random.Shared.Shuffle(shuffled);
        return
        [
            .. shuffled.OrderBy(
                static collection =>
                    Array.Exists(Long, name => collection.TestCollectionDisplayName.EndsWith(name, StringComparison.Ordinal)) ? 0 : 1),
        ];
    }
}
