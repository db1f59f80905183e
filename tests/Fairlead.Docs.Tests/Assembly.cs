using Xunit.Sdk;
using Xunit.v3;

// The snippets bind the names that the documentation shows, so they must not run in parallel.
[assembly: Parallelization(Mode = ParallelMode.None)]
