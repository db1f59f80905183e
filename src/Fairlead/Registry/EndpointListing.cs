namespace Fairlead.Diagnostics;

/// <summary>What the registry held when it was read.</summary>
/// <param name="Endpoints">The live endpoints, by address, the bound ones first.</param>
/// <param name="Skipped">Entries that could not be read, with the reason. They are left where they are.</param>
public sealed record EndpointListing(IReadOnlyList<EndpointInfo> Endpoints, IReadOnlyList<SkippedEntry> Skipped);
