using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Waits for a condition.</summary>
internal sealed class ConditionWaitCommand : ToolCommand
{
    private readonly ConditionArguments _condition;
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait; after that, exit with 124");

    public ConditionWaitCommand()
        : base(
            "wait",
            "Wait until a command succeeds, running it again after each notification; "
                + "without a command, wait for the next notification")
    {
        _condition = ConditionArguments.AddTo(this, "Command that exits with 0 if the condition is true; runs inside the mutex");
        Add(_timeout);
        Examples =
        [
            ("fairlead condition wait inbox -- test -s mail", "Wait for mail"),
            ("fairlead condition wait inbox --timeout 1m -- test -s mail", "Wait for at most a minute (exit 124)"),
            ("fairlead condition wait inbox", "Wait for the next notification"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var command = _condition.Command(parsed);
        var timeout = parsed.GetValue(_timeout);
        using var mutex = _condition.OpenMutex(parsed);
        using var condition = NamedCondition.Open(_condition.Name(parsed), mutex);
        var began = TimeProvider.System.GetTimestamp();
        using var scope = mutex.Enter(timeout, cancellationToken);

        // The limit is that of the whole command: waiting for the mutex has used a part of it.
        TimeSpan? left = timeout is { } limit ? Max(limit - TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero) : null;
        var isSo = command.Length == 0
            ? condition.Wait(scope, left, cancellationToken)
            : condition.Wait(
                scope,
                () => ProgramInside
                    .RunAsync(command, [], ConditionArguments.Inside(mutex, left), cancellationToken)
                    .GetAwaiter()
                    .GetResult() == ExitCode.Ok,
                left,
                cancellationToken);
        return isSo
            ? Task.FromResult(ExitCode.Ok)
            : throw new ToolException(ExitCode.Timeout, $"the condition was not true within {DurationText.Describe(timeout!.Value)}");
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
