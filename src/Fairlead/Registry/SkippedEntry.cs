namespace Fairlead.Diagnostics;

/// <summary>A file among the endpoint entries that is not listed, because it is not a valid entry.</summary>
/// <param name="Path">The file.</param>
/// <param name="Code">Corrupt, or Incompatible if it has the layout of another version.</param>
/// <param name="Reason">The reason.</param>
public sealed record SkippedEntry(string Path, ErrorCode Code, string Reason);
