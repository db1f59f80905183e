namespace Fairlead.Diagnostics;

/// <summary>The content of the registry at the time of reading.</summary>
/// <param name="Endpoints">The live endpoints, by address, the bound ones first.</param>
/// <param name="Skipped">Entries that could not be read, with the reason. Their files stay.</param>
public sealed record EndpointListing(IReadOnlyList<EndpointInfo> Endpoints, IReadOnlyList<SkippedEntry> Skipped)
{
    /// <summary>
    /// The endpoints of dead processes, whose entries this call has removed. Another reader, or a process that starts, may have removed
    /// them before.
    /// </summary>
    public IReadOnlyList<EndpointInfo> Ended { get; init; } = [];
}
