namespace Fairlead.Cli;

/// <summary>The tool cannot do what was asked: one line for the user, and how the tool ends.</summary>
internal sealed class ToolException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>The command line was wrong.</summary>
    public static ToolException Usage(string message) => new(Cli.ExitCode.Usage, message);
}
