namespace Fairlead.NamedHandles.Tests.Maps;

/// <summary>
/// The collection of tests that expect a map to be over at once. No other test starts a process meanwhile: a child has the maps of its
/// parent open until it executes its program.
/// </summary>
[CollectionDefinition(nameof(MapsAlone), DisableParallelization = true)]
public sealed class MapsAlone;
