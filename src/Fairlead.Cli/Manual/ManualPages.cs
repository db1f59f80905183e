using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Commands;

namespace Fairlead.Cli.Manual;

/// <summary>The manual pages of the tool: fairlead(1), and a page for each command with its subcommands.</summary>
internal sealed class ManualPages(FairleadCommand tool, string version, string date)
{
    private static readonly (string Code, string Meaning)[] ExitCodes =
    [
        ("0", "success"),
        ("1", "failure for any other reason"),
        ("2", "the command line, the address or an option is wrong"),
        ("3", "not found: no endpoint listens there"),
        ("4", "another process holds the name, or another kind of file is there"),
        ("5", "permission denied"),
        ("6", "the peer is gone"),
        ("7", "full"),
        ("8", "incompatible"),
        ("64 to 113", "the service that was called answered with an error: 64 plus its code, or 113 if the code is below 0 or above 48"),
        ("124", "the time is over"),
        ("129, 130, 143", "ended by SIGHUP, SIGINT or SIGTERM: 128 plus the number of the signal"),
    ];

    /// <summary>Returns the pages: the name of each file, and its text.</summary>
    public IEnumerable<(string File, string Text)> All()
    {
        yield return ($"{tool.Name}.1", Overview());
        foreach (var command in tool.Groups.SelectMany(static group => group.Commands))
        {
            yield return ($"{PageOf(command)}.1", Of(command));
        }
    }

    private string PageOf(Command command) => $"{tool.Name}-{command.Name}";

    private string Overview()
    {
        RoffText page = new();
        page.Title(tool.Name, date, version);
        page.Section("NAME").Line($"{tool.Name} - exchange messages between processes");
        page.Section("SYNOPSIS").Code($"{tool.Name} COMMAND [OPTIONS]");
        page.Section("DESCRIPTION").Text(tool.Description ?? "");
        page.Paragraph().Text(
            "An ADDRESS names a transport and an endpoint, such as unix://inbox, shm://ticks, tcp://127.0.0.1:5242 or fifo:///tmp/line. "
            + "Options of the endpoint follow a question mark: unix://inbox?capacity=4MiB.");
        foreach (var (title, commands) in tool.Groups)
        {
            page.Subsection(title);
            foreach (var command in commands)
            {
                page.Tagged($"{PageOf(command)}(1)", command.Description ?? "");
            }
        }

        Options(page.Section("OPTIONS"), tool);
        page.Section("ENVIRONMENT");
        page.Tagged(
            "XDG_RUNTIME_DIR",
            "Names of this user lie in its directory fairlead. If it is not set, in /run/user/UID/fairlead, else in /tmp/fairlead-UID.");
        page.Tagged(
            "XDG_STATE_HOME",
            "Named logs lie in its directory fairlead. If it is not set, in ~/.local/state/fairlead.");
        Ending(page, tool, tool.Groups[0].Commands.Select(PageOf));
        return page.ToString();
    }

    private string Of(Command command)
    {
        RoffText page = new();
        page.Title(PageOf(command), date, version);
        page.Section("NAME").Line($"{PageOf(command)} - {Lowered(command.Description)}");
        page.Section("SYNOPSIS");
        if (command.Subcommands.Count == 0)
        {
            page.Code($"{tool.Name} {Usage(command)}");
        }

        foreach (var below in command.Subcommands)
        {
            page.Break().Code($"{tool.Name} {command.Name} {Usage(below)}");
        }

        page.Section("DESCRIPTION").Text($"{command.Description}.");
        Arguments(page, command);
        Options(page.Section("OPTIONS"), command);
        foreach (var below in command.Subcommands)
        {
            page.Section($"{command.Name} {below.Name}".ToUpperInvariant()).Text($"{below.Description}.");
            Arguments(page, below);
            Options(page, below);
            Examples(page, below);
        }

        Ending(page, command, [tool.Name]);
        return page.ToString();
    }

    private static void Ending(RoffText page, Command command, IEnumerable<string> seeAlso)
    {
        if (command is IHasExamples { Examples.Count: > 0 })
        {
            Examples(page.Section("EXAMPLES"), command);
        }

        page.Section("EXIT STATUS");
        foreach (var (code, meaning) in ExitCodes)
        {
            page.Tagged(code, meaning);
        }

        page.Section("SEE ALSO").References(seeAlso);
    }

    private static void Arguments(RoffText page, Command command)
    {
        foreach (var argument in command.Arguments.Where(static argument => !argument.Hidden))
        {
            page.Tagged(argument.Name, argument.Description ?? "");
        }
    }

    private static void Options(RoffText page, Command command)
    {
        foreach (var option in command.Options.Where(static option => !option.Hidden))
        {
            var names = string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name));
            page.Tagged(names + Value(option), (option.Description ?? "") + Default(option));
        }

        if (command is not FairleadCommand)
        {
            page.Tagged("-h, --help", "Show the help of the command");
        }
    }

    private static void Examples(RoffText page, Command command)
    {
        if (command is IHasExamples { Examples: { Count: > 0 } examples })
        {
            foreach (var (line, what) in examples)
            {
                page.Paragraph().Text(what).Example(line);
            }
        }
    }

    private static string Usage(Command command) =>
        string.Join(' ', command.Arguments.Where(static one => !one.Hidden).Select(Form).Prepend(command.Name).Append("[OPTIONS]"));

    private static string Form(Argument argument)
    {
        var name = $"{argument.Name}{(argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "")}";
        return argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name;
    }

    private static string Value(Option option)
    {
        if (option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool))
        {
            return "";
        }

        return $" {option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant()}";
    }

    private static string Default(Option option)
    {
        var value = option.HasDefaultValue && option.ValueType != typeof(bool) ? option.GetDefaultValue() : null;
        return value is null or System.Collections.IEnumerable and not string
            ? ""
            : $" (default: {Convert.ToString(value, CultureInfo.InvariantCulture)})";
    }

    private static string Lowered(string? text) => text is { Length: > 0 } ? char.ToLowerInvariant(text[0]) + text[1..] : "";
}
