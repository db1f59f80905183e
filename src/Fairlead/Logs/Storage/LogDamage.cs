namespace Fairlead.Logs;

/// <summary>A place in a log that holds what no appender has written.</summary>
/// <param name="File">The segment.</param>
/// <param name="Offset">In bytes from its beginning.</param>
/// <param name="Sequence">The number of the record that should be there.</param>
/// <param name="Text">What is wrong.</param>
public sealed record LogDamage(string File, long Offset, long Sequence, string Text);
