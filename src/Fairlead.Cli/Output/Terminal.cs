namespace Fairlead.Cli.Output;

/// <summary>What stdout and stderr are connected to.</summary>
internal static class Terminal
{
    private static readonly bool IsDumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>Whether a person looks at stdout.</summary>
    public static bool IsOutput { get; } = !Console.IsOutputRedirected && !IsDumb;

    /// <summary>Whether a person looks at stderr.</summary>
    public static bool IsError { get; } = !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Whether colours are wanted: see no-color.org.</summary>
    public static bool HasColors { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
