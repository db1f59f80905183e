using Xunit.Abstractions;

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

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections
            .OrderBy(static collection => Long.Any(name => collection.DisplayName.EndsWith(name, StringComparison.Ordinal)) ? 0 : 1)
            .ThenBy(static collection => collection.UniqueID);
}
