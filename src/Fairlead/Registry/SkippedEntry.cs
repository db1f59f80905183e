namespace Fairlead.Diagnostics;

/// <summary>A file among the endpoint entries that is not shown, because it is no sound entry.</summary>
/// <param name="Path">The file.</param>
/// <param name="Code">Corrupt, or Incompatible when it has the layout of another version.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record SkippedEntry(string Path, ErrorCode Code, string Reason);
