namespace Fairlead.Logs;

/// <summary>A place in a log whose content no appender has written.</summary>
/// <param name="File">The segment.</param>
/// <param name="Offset">The offset in bytes from the beginning of the segment.</param>
/// <param name="Sequence">The number of the record that should be there.</param>
/// <param name="Text">A description of the damage.</param>
public sealed record LogDamage(string File, long Offset, long Sequence, string Text);
