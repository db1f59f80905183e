namespace Fairlead.Cli.Lab;

/// <summary>A sentence that an experiment claims, with the measurement that decides it.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Holds">Whether it was true in this run.</param>
/// <param name="Measured">The measurement.</param>
internal sealed record Claim(string Text, bool Holds, string Measured);
