using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>The help of the tool itself: its purpose, and its commands in groups.</summary>
internal static class Overview
{
    private const string Indent = "  ";
    private const int NarrowestText = 20;

    /// <summary>Writes it, with no line longer than the width, where the words allow that.</summary>
    public static void Write(FairleadCommand tool, TextWriter output, int width)
    {
        var longest = tool.Groups.SelectMany(static group => group.Commands).Max(static command => Usage(command).Length);
        var column = Indent.Length + longest + Indent.Length;
        WriteWrapped("", 0, tool.Description ?? "", output, width);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine($"{Indent}{tool.Name} [command] [options]");
        foreach (var (title, commands) in tool.Groups)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            foreach (var command in commands)
            {
                WriteWrapped(Indent + Usage(command), column, command.Description ?? "", output, width);
            }
        }

        output.WriteLine();
        output.WriteLine("Options:");
        foreach (var option in tool.Options)
        {
            var names = string.Join(", ", option.Aliases.Order().Append(option.Name));
            WriteWrapped(Indent + names, column, option.Description ?? "", output, width);
        }

        output.WriteLine();
    }

    private static string Usage(Command command) =>
        string.Join(' ', command.Arguments.Select(Form).Prepend(command.Name).Concat(command.Subcommands.Count > 0 ? ["<COMMAND>"] : []));

    private static string Form(Argument argument)
    {
        var name = $"<{argument.Name}>{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";
        return argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name;
    }

    /// <summary>Writes words from a column on, the first line of them behind what stands before it.</summary>
    private static void WriteWrapped(string left, int column, string words, TextWriter output, int width)
    {
        var line = left.PadRight(column);
        var isEmpty = true;
        foreach (var word in words.Split(' '))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Math.Max(width, column + NarrowestText))
            {
                output.WriteLine(line);
                line = new string(' ', column);
                isEmpty = true;
            }

            line += isEmpty ? word : $" {word}";
            isEmpty = false;
        }

        output.WriteLine(line);
    }
}
