namespace Fairlead.Cli;

/// <summary>The tool cannot do what was requested: one line for the user, and the exit code.</summary>
internal sealed class ToolException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Creates the error for a wrong command line.</summary>
    public static ToolException Usage(string message) => new(Cli.ExitCode.Usage, message);
}
