namespace Fairlead.Tests;

/// <summary>The collection of tests that inspect the whole process, or change it: a listener to traces makes all messages longer.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
