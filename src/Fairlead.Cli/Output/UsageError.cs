using System.CommandLine;

namespace Fairlead.Cli.Output;

/// <summary>A command line that cannot be understood: what is wrong with it, and where the help is.</summary>
internal static class UsageError
{
    public static int Report(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var isRoot = command.Parents.FirstOrDefault() is null;
        var name = isRoot ? "fairlead" : $"fairlead {command.Name}";
        ErrorLine.Write($"{parsed.Errors[0].Message.TrimEnd('.')}. See {name} --help");
        return ExitCode.Usage;
    }
}
