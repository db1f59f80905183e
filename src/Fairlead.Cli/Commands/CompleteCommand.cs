using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Hidden: what may stand where the cursor is, a word a line. The scripts of <see cref="CompletionCommand"/> call it.</summary>
internal sealed class CompleteCommand : ToolCommand
{
    public const string Verb = "complete-words";

    private readonly Argument<string[]> _words = new("WORDS") { Arity = ArgumentArity.ZeroOrMore };

    public CompleteCommand()
        : base(Verb, "Print possible next words")
    {
        Hidden = true;
        Add(_words);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // The words of the line behind the tool's name; the last is the one at the cursor, perhaps empty.
        var words = parsed.GetValue(_words) ?? [];
        var current = words.LastOrDefault() ?? "";
        var line = string.Join(' ', words.Select(static word => word.Contains(' ') ? $"\"{word}\"" : word));
        foreach (var item in FairleadCommand.Create().Parse(line).GetCompletions(line.Length).Select(static item => item.Label))
        {
            if (item.StartsWith(current, StringComparison.Ordinal) && Fits(item, words))
            {
                StandardOutput.WriteLine(item);
            }
        }

        return Task.FromResult(ExitCode.Ok);
    }

    /// <summary>Options only where one was begun, and one address a line.</summary>
    private static bool Fits(string item, string[] words) =>
        (item[0] != '-' || words[^1].StartsWith('-')) && !(IsAddress(item) && words[..^1].Any(IsAddress));

    private static bool IsAddress(string word) => word.Contains("://", StringComparison.Ordinal);
}
