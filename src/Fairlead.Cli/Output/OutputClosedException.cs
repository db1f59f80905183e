namespace Fairlead.Cli.Output;

/// <summary>Stdout has no reader any more, as after <c>| head -n 1</c>.</summary>
internal sealed class OutputClosedException(Exception cause) : Exception("stdout is closed", cause);
