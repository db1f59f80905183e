using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Some items of a work queue: their numbers, or all of a state.</summary>
internal sealed class ItemsArgument
{
    private readonly Argument<long[]> _numbers = new("ITEM")
    {
        Description = "Numbers of items, as fairlead work list shows them",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<WorkItemState?> _all = new("--all")
    {
        Description = "All items of this state",
        HelpName = "waiting|delayed|at-worker|given-up",
        CustomParser = static result =>
        {
            foreach (var state in Enum.GetValues<WorkItemState>())
            {
                if (WorkItemLine.StateOf(state) == result.Tokens[0].Value)
                {
                    return state;
                }
            }

            result.AddError($"--all takes waiting, delayed, at-worker or given-up, not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    private ItemsArgument() => _all.CompletionSources.Add("waiting", "delayed", "at-worker", "given-up");

    public static ItemsArgument AddTo(ToolCommand command)
    {
        ItemsArgument argument = new();
        command.Add(argument._numbers);
        command.Add(argument._all);
        return argument;
    }

    /// <summary>Refuses arguments that name no items, or name them twice. To be called before anything is done.</summary>
    public void Check(ParseResult parsed)
    {
        if (parsed.GetValue(_all) is null == (parsed.GetValue(_numbers) is null or []))
        {
            throw ToolException.Usage("give the numbers of items, or --all with a state");
        }
    }

    /// <summary>Does something with the items, and reports those that are not in the queue.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ForEachAsync(
        ParseResult parsed,
        WorkQueueControl control,
        Func<IEnumerable<long>, CancellationToken, ValueTask<int>> act,
        string done,
        CancellationToken cancellationToken)
    {
        var numbers = parsed.GetValue(_numbers) ?? [];
        var state = parsed.GetValue(_all);
        if (state is not null)
        {
            var items = await control.ListAsync(state: state, cancellationToken: cancellationToken);
            numbers = [.. items.Select(static item => item.Number)];
        }

        var count = numbers.Length == 0 ? 0 : await act(numbers, cancellationToken);
        ErrorLine.Write(string.Create(CultureInfo.InvariantCulture, $"{done}: {count} of {numbers.Length} items"));
        return state is null && count < numbers.Distinct().Count() ? ExitCode.NotFound : ExitCode.Ok;
    }
}
