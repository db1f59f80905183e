using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>
/// Hidden: prints the possible words at the cursor, one per line. The scripts of <see cref="CompletionCommand"/> call it.
/// </summary>
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
        // The words after the tool's name; the last one is at the cursor and may be empty.
        var words = parsed.GetValue(_words) ?? [];
        var current = words.LastOrDefault() ?? "";
        var line = string.Join(' ', words.Select(static word => word.Contains(' ') ? $"\"{word}\"" : word));
        foreach (var item in FairleadCommand.Create().Parse(line).GetCompletions(line.Length).Select(static item => item.Label).Distinct())
        {
            if (item.StartsWith(current, StringComparison.Ordinal) && Fits(item, current, words))
            {
                StandardOutput.WriteLine(item);
            }
        }

        return Task.FromResult(ExitCode.Ok);
    }

    /// <summary>Returns whether a word fits: options only after a dash, and one address per line.</summary>
    private static bool Fits(string item, string current, string[] words) =>
        (item[0] != '-' || current.StartsWith('-')) && !(IsAddress(item) && words.SkipLast(1).Any(IsAddress));

    private static bool IsAddress(string word) => word.Contains("://", StringComparison.Ordinal);
}
