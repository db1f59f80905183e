using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands;

/// <summary>Waits for a condition.</summary>
internal sealed class ConditionWaitCommand : ToolCommand
{
    private readonly ConditionArguments _condition;
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("How long to wait; then it ends with 124");

    public ConditionWaitCommand()
        : base(
            "wait",
            "Wait until a program says that it is so, and ask it again whenever somebody notifies; "
                + "without a program wait for the next who does")
    {
        _condition = ConditionArguments.AddTo(this, "The program that says by 0 that it is so; it runs inside the mutex");
        Add(_timeout);
        Examples =
        [
            ("fairlead condition wait inbox -- test -s mail", "Until there is mail"),
            ("fairlead condition wait inbox --timeout 1m -- test -s mail", "At most a minute (124)"),
            ("fairlead condition wait inbox", "Until somebody notifies, from now on"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var command = _condition.Command(parsed);
        var timeout = parsed.GetValue(_timeout);
        using var mutex = _condition.OpenMutex(parsed);
        using var condition = NamedCondition.Open(_condition.Name(parsed), mutex);
        using var scope = mutex.Enter(timeout, cancellationToken);
        var isSo = command.Length == 0
            ? condition.Wait(scope, timeout, cancellationToken)
            : condition.Wait(
                scope,
                () => ProgramInside.RunAsync(command, [], cancellationToken).GetAwaiter().GetResult() == ExitCode.Ok,
                timeout,
                cancellationToken);
        return isSo
            ? Task.FromResult(ExitCode.Ok)
            : throw new ToolException(ExitCode.Timeout, $"it was not so within {DurationText.Describe(timeout!.Value)}");
    }
}
