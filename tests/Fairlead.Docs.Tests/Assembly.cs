// The snippets bind the names that the documentation shows, so they take turns.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
