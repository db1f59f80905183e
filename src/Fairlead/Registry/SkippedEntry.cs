namespace Fairlead.Diagnostics;

/// <summary>A file among the endpoint entries that is not listed, because it is not a valid entry or could not be opened.</summary>
/// <param name="Path">The file.</param>
/// <param name="Code">
/// Corrupt; Incompatible if it has the layout of another version; Unavailable if this process had no descriptors or memory left.
/// </param>
/// <param name="Reason">The reason.</param>
public sealed record SkippedEntry(string Path, ErrorCode Code, string Reason);
