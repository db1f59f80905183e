using Xunit.v3;

// Most tests spend most of their time waiting for another process or a clock: more of them run than there are processors.
[assembly: Parallelization(MaxThreads = 6)]
[assembly: TestCollectionOrderer(typeof(Fairlead.Tests.LongestFirst))]
