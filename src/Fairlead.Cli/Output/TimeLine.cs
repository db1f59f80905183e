namespace Fairlead.Cli.Output;

/// <summary>The answer of a time service as a line of JSON.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Text">The answer as text.</param>
/// <param name="Time">The moment, where the service tells one that does not depend on a zone.</param>
internal sealed record TimeLine(string Service, string Address, string Text, DateTimeOffset? Time);
