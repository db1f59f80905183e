namespace Fairlead.Cli.Output;

/// <summary>The kinds of file behind stdout and stderr.</summary>
internal static class Terminal
{
    private static readonly bool IsDumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>Whether a person reads stdout.</summary>
    public static bool IsOutput { get; } = !Console.IsOutputRedirected && !IsDumb;

    /// <summary>Whether a person reads stderr.</summary>
    public static bool IsError { get; } = !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Asks the user; anything but yes means no, and so does the end of input.</summary>
    public static async Task<bool> ConfirmAsync(string question, CancellationToken cancellationToken)
    {
        StandardError.Write(question);
        try
        {
            string? answer = await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken);
            return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
        }
        catch (OperationCanceledException)
        {
            // The shell's prompt begins on a new line.
            StandardError.Write("\n");
            throw;
        }
    }

    /// <summary>Whether to use colours: see no-color.org.</summary>
    public static bool HasColors { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
