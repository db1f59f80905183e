using System.CommandLine;
using Fairlead.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>The environment of a child: directory, variables, signals.</summary>
internal sealed class SpawnSetting
{
    private readonly Option<string?> _directory = new("--directory") { Description = "Working directory", HelpName = "DIRECTORY" };
    private readonly Option<string[]> _environment = new("--env")
    {
        Description = "Set a variable, or remove it if only NAME is given; may be repeated",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<bool> _clear = NewOption.Switch("--clear-env", "Pass only the variables of --env");
    private readonly Option<Signal[]> _block = Signals(
        "--block", "A signal to block in the program; may be repeated");
    private readonly Option<Signal[]> _ignore = Signals(
        "--ignore", "A signal to ignore in the program; may be repeated");

    public static SpawnSetting AddTo(ToolCommand command)
    {
        var setting = new SpawnSetting();
        command.Add(setting._directory);
        command.Add(setting._environment);
        command.Add(setting._clear);
        command.Add(setting._block);
        command.Add(setting._ignore);
        return setting;
    }

    public ChildProcessOptions Apply(ParseResult parsed, ChildProcessOptions options)
    {
        Dictionary<string, string?> environment = [];
        foreach (var variable in parsed.GetValue(_environment) ?? [])
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            environment[equals < 0 ? variable : variable[..equals]] = equals < 0 ? null : variable[(equals + 1)..];
        }

        return options with
        {
            WorkingDirectory = parsed.GetValue(_directory),
            Environment = environment,
            ClearEnvironment = parsed.GetValue(_clear),
            BlockedSignals = parsed.GetValue(_block) ?? [],
            IgnoredSignals = parsed.GetValue(_ignore) ?? [],
        };
    }

    private static Option<Signal[]> Signals(string name, string description)
    {
        Option<Signal[]> option = new(name)
        {
            Description = description,
            HelpName = "SIGNAL",
            CustomParser = result =>
            {
                List<Signal> signals = [];
                foreach (var token in result.Tokens)
                {
                    if (Signal.TryParse(token.Value, out var signal) && signal.Number > 0 && !signal.IsUncatchable)
                    {
                        signals.Add(signal);
                    }
                    else
                    {
                        result.AddError(
                            $"'{token.Value}' is not a signal for {name}: write TERM, SIGTERM, 15 or RTMIN+3; "
                                + "KILL and STOP can be neither blocked nor ignored");
                    }
                }

                return [.. signals];
            },
        };
        option.CompletionSources.Add(static _ =>
            Enumerable
                .Range(1, 31)
                .Select(Signal.FromNumber)
                .Where(static signal => !signal.IsUncatchable)
                .Select(static signal => new System.CommandLine.Completions.CompletionItem(signal.Name[3..])));
        return option;
    }
}
