using System.CommandLine;
using System.CommandLine.Completions;
using Fairlead.Logs;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>The arguments of the log commands: the log, and where to begin.</summary>
internal sealed class LogArguments
{
    private readonly Argument<string> _address = new("ADDRESS")
    {
        Description = "Address of the log: log://name or log:///path, with options as ?name=value",
    };
    private readonly Option<LogStart?> _from = new("--from")
    {
        Description = "Where to begin: start, end, the number of a record, a date like 2026-11-20, or a time like 2026-11-20T12:00",
        HelpName = "PLACE",
        CustomParser = static result =>
        {
            if (LogStart.TryParse(result.Tokens[0].Value, out LogStart start))
            {
                return start;
            }

            result.AddError(
                "--from takes start, end, a number of 1 or more, a date like 2026-11-20, or a time like 2026-11-20T12:00, "
                    + $"not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    private LogArguments()
    {
        _address.CompletionSources.Add(static _ => Names().Select(static name => new CompletionItem($"log://{name}")));
        _from.CompletionSources.Add("start", "end");
    }

    /// <summary>Adds the argument and options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="reads">Whether it reads records from a given start.</param>
    public static LogArguments AddTo(ToolCommand command, bool reads)
    {
        LogArguments arguments = new();
        command.Add(arguments._address);
        if (reads)
        {
            command.Add(arguments._from);
        }

        return arguments;
    }

    /// <summary>Opens the log.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="create">Whether to create it if it does not exist.</param>
    public MappedLog Open(ParseResult parsed, bool create) =>
        MappedLog.Open(parsed.GetRequiredValue(_address), new LogOptions { Create = create });

    /// <summary>Returns where to begin.</summary>
    public LogStart From(ParseResult parsed) => parsed.GetValue(_from) ?? LogStart.Oldest;

    private static IReadOnlyList<string> Names()
    {
        try
        {
            return MappedLog.Names();
        }
        catch (FairleadException)
        {
            // Nothing to propose: a command that uses the log reports the reason.
            return [];
        }
    }
}
