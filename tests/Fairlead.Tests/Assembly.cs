// Most of the time most tests wait, for another process or for a clock: more of them than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
[assembly: TestFramework("Fairlead.Tests.SkippingFramework", "Fairlead.Tests")]
[assembly: TestCollectionOrderer("Fairlead.Tests.LongestFirst", "Fairlead.Tests")]
