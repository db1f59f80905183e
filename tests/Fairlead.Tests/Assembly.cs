// Most tests spend most of their time waiting for another process or a clock: more of them run than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
[assembly: TestFramework("Fairlead.Tests.SkippingFramework", "Fairlead.Tests")]
[assembly: TestCollectionOrderer("Fairlead.Tests.LongestFirst", "Fairlead.Tests")]
