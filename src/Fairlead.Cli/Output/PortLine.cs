namespace Fairlead.Cli.Output;

/// <summary>A free port as a line of JSON.</summary>
internal sealed record PortLine(int Port, string Protocol);
