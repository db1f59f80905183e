using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>Creates options that several commands share.</summary>
internal static class NewOption
{
    /// <summary>Creates an option whose longest value is <see cref="DurationText.Longest"/>, and so is <c>infinite</c>.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = static result =>
        {
            if (DurationText.TryParse(result.Tokens[0].Value, out var duration))
            {
                // Null would mean that the option is not given; the parser does not pass it on.
                return duration == System.Threading.Timeout.InfiniteTimeSpan || duration > DurationText.Longest
                    ? DurationText.Longest
                    : duration;
            }

            result.AddError($"'{result.Tokens[0].Value}' is not a duration: {DurationText.Allowed}");
            return null;
        },
    };

    /// <summary>Creates <c>--reconnect</c>, where an infinite duration is a value.</summary>
    public static Option<TimeSpan?> Reconnect() => new("--reconnect")
    {
        Description = "Longest time to reconnect when the connection is lost, or infinite",
        HelpName = "DURATION",
        CustomParser = static result =>
        {
            if (DurationText.TryParse(result.Tokens[0].Value, out var duration))
            {
                return duration;
            }

            result.AddError($"'{result.Tokens[0].Value}' is not a duration: {DurationText.Allowed}");
            return null;
        },
    };

    /// <summary>Creates <c>--contract</c>.</summary>
    public static Option<string?> Contract() => new("--contract")
    {
        Description = "Contract of a service that offers several: its name, or what follows the last dot of the name",
        HelpName = "NAME",
    };

    /// <summary>Creates <c>--matchmaker</c>.</summary>
    public static Option<string?> Matchmaker()
    {
        Option<string?> option = new("--matchmaker")
        {
            Description = "Find the service at this matchmaker on the network instead of on this machine",
            HelpName = "ADDRESS",
        };
        option.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !token.Value.Contains("://", StringComparison.Ordinal))
            {
                result.AddError($"--matchmaker takes an address, such as tcp://10.0.0.5:5000, not '{token.Value}'");
            }
        });
        return option;
    }

    public static Option<TimeSpan?> Timeout(string description) => Duration("--timeout", description);

    public static Option<long?> Count(string description) => Limit("--count", description);

    /// <summary>Creates an option with a number; without it, there is no limit.</summary>
    public static Option<long?> Limit(string name, string description)
    {
        Option<long?> option = new(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(long.TryParse(token.Value, out var number) && number > 0))
            {
                result.AddError($"{name} takes a number of 1 or more, not '{token.Value}'");
            }
        });
        return option;
    }

    /// <summary>Creates <c>--full</c>: what to do with a message if the other end is full.</summary>
    public static Option<OverflowPolicy?> Full(string description, params OverflowPolicy[] modes)
    {
        string[] names = [.. modes.Select(Name)];
        Option<OverflowPolicy?> option = new("--full")
        {
            Description = description,
            HelpName = string.Join('|', names),
            CustomParser = result =>
            {
                var at = Array.IndexOf(names, result.Tokens[0].Value);
                if (at >= 0)
                {
                    return modes[at];
                }

                result.AddError($"--full takes {string.Join(", ", names)}, not '{result.Tokens[0].Value}'");
                return null;
            },
        };
        option.CompletionSources.Add(names);
        return option;
    }

    /// <summary>Returns the name of a policy, as in an address.</summary>
    private static string Name(OverflowPolicy mode) => mode switch
    {
        OverflowPolicy.DropOldest => "drop-oldest",
        OverflowPolicy.DropNewest => "drop-newest",
        OverflowPolicy.Fail => "fail",
        OverflowPolicy.Latest => "latest",
        _ => "wait",
    };

    /// <param name="name">The name with its dashes.</param>
    /// <param name="description">The help text.</param>
    /// <param name="normally">The default; null: the option is required.</param>
    /// <param name="most">The largest value.</param>
    public static Option<int> Number(string name, string description, int? normally = null, int most = int.MaxValue)
    {
        Option<int> option = new(name) { Description = description, HelpName = "N", Required = normally is null };
        if (normally is { } value)
        {
            option.DefaultValueFactory = _ => value;
        }

        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var number) && number > 0 && number <= most))
            {
                var range = most == int.MaxValue ? "of 1 or more" : $"from 1 to {most}";
                result.AddError($"{name} takes a number {range}, not '{token.Value}'");
            }
        });
        return option;
    }

    /// <summary>Creates <c>--max-output</c>, the limit for commands whose output is collected.</summary>
    public static Option<int> MaxOutput() => Number(
        "--max-output",
        "With --exec, the most bytes that a command may write; one that writes more is killed",
        CollectedOutput.UsualMost,
        Array.MaxLength);

    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    /// <summary>Creates <c>--output</c>; the first format is the default.</summary>
    public static Option<string> Output(params string[] formats)
    {
        Option<string> option = new("--output")
        {
            Description = $"Output format: {string.Join(" or ", formats)}",
            HelpName = string.Join('|', formats),
            DefaultValueFactory = _ => formats[0],
        };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }
}
