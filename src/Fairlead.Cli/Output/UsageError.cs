using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Fairlead.Cli.Output;

/// <summary>Explains a command line that cannot be understood, and refers to the help.</summary>
internal static class UsageError
{
    /// <summary>Returns the problem, or null.</summary>
    public static string? Problem(ParseResult parsed)
    {
        // Help is shown whatever else is on the command line.
        if (parsed.Action is CommandLineAction { ClearsParseErrors: true })
        {
            return null;
        }

        var command = parsed.CommandResult.Command;
        var isRoot = !command.Parents.Any();
        var problem = UnknownOption(parsed, command);
        if (problem is null && parsed.Errors is [var first, ..])
        {
            problem = isRoot && parsed.UnmatchedTokens is [var verb, ..]
                ? $"'{verb}' is not a command"
                : WithoutTypes(first.Message.TrimEnd('.'));
        }

        return problem is null ? null : $"{problem}. See {Path(command)} --help";
    }

    /// <summary>Returns the command as typed: <c>fairlead log replay</c>.</summary>
    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;

    /// <summary>
    /// Replaces the type name in the parser's message, which means nothing in a shell: all options without a parser of their own are
    /// numbers.
    /// </summary>
    private static string WithoutTypes(string message)
    {
        int type = message.IndexOf(" as expected type ", StringComparison.Ordinal);
        return type < 0 ? message : $"{message[..type]}: a number is required";
    }

    /// <summary>Finds an unknown option. The parser takes it for an argument, and a misspelt one would be sent as a message.</summary>
    private static string? UnknownOption(ParseResult parsed, Command command)
    {
        Token? before = null;
        foreach (var token in parsed.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                return null;
            }

            if (token.Type == TokenType.Argument && token.Value is ['-', _, ..] && !TakesValue(before))
            {
                return $"'{token.Value}' is not an option; write a text that begins with - after --";
            }

            before = token;
        }

        return null;

        bool TakesValue(Token? token) =>
            token?.Type == TokenType.Option
            && command.Options.Any(option =>
                option.ValueType != typeof(bool) && (option.Name == token.Value || option.Aliases.Contains(token.Value)));
    }
}
