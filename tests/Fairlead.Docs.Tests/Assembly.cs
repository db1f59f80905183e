// The snippets bind the names that the documentation shows, so they must not run in parallel.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
