using System.Text.RegularExpressions;

namespace Fairlead.Cli.Output;

/// <summary>The tool's messages on stderr: one line per fact, which begins with the tool's name.</summary>
internal static partial class ErrorLine
{
    /// <summary>Writes <c>fairlead: message</c>.</summary>
    public static void Write(string message) => WriteBare($"fairlead: {OneLine(message)}");

    /// <summary>Writes a line without the tool's name, for other programs to parse.</summary>
    public static void WriteBare(string line) => StandardError.Write($"{WithoutPasswords(VisibleText.OneLine(line))}\n");

    /// <summary>Reports an exception and returns its exit code.</summary>
    public static int Report(Exception exception, Interruption interruption)
    {
        switch (exception)
        {
            case OutputClosedException:
                // The reader of the output has seen enough. That is not an error.
                return ExitCode.Ok;
            case OperationCanceledException when interruption.HasHappened:
                return interruption.ExitCode;
            case ToolException tool:
                return Say(tool.Message, tool.ExitCode);
            case FairleadException fairlead:
                return Say(fairlead.Message, ExitCode.Of(fairlead.Code));
            case FormatException:
                return Say(exception.Message, ExitCode.Usage);
            case ArgumentException argument:
                return Say(WithoutParameter(argument), ExitCode.Usage);
            case FileNotFoundException or DirectoryNotFoundException:
                return Say(exception.Message, ExitCode.NotFound);
            case UnauthorizedAccessException:
                return Say(exception.Message, ExitCode.PermissionDenied);
            default:
                return Say(
                    Environment.GetEnvironmentVariable("FAIRLEAD_DEBUG") is { Length: > 0 } ? exception.ToString() : exception.Message,
                    ExitCode.Failure);
        }
    }

    private static int Say(string message, int exitCode)
    {
        Write(message);
        return exitCode;
    }

    /// <summary>
    /// Removes the parameter's name and its value, which the base library appends: the name means nothing in a shell.
    /// </summary>
    private static string WithoutParameter(ArgumentException exception)
    {
        var at = exception.Message.IndexOf($" (Parameter '{exception.ParamName}')", StringComparison.Ordinal);
        return at < 0 ? exception.Message : exception.Message[..at];
    }

    /// <summary>Hides the passwords of brokers' addresses, which the command line and an endpoint's own address contain.</summary>
    private static string WithoutPasswords(string line) => line.Contains('@') ? Password().Replace(line, "${kept}:***@") : line;

    // The second form is malformed, and may have come from the command line.
    [GeneratedRegex(
        """(?<kept>://[^\s:/@?#'"]*):[^\s/?#'"]*@|(?<kept>amqps?(?!://):?/*[^\s:'"]*):[^\s'"]*@""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Password();

    private static string OneLine(string message) =>
        string.Join(' ', message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
