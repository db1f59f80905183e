using Xunit.v3;

// Most of the time most tests wait, for another process or for a clock: more of them than there are processors.
[assembly: Parallelization(MaxThreads = 4)]
