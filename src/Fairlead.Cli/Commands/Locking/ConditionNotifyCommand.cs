using System.CommandLine;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Notifies the waiters of a condition.</summary>
internal sealed class ConditionNotifyCommand : ToolCommand
{
    private readonly ConditionArguments _condition;
    private readonly Option<bool> _all = NewOption.Switch("--all", "Wake all waiters, not only the one that has waited longest");

    public ConditionNotifyCommand()
        : base("notify", "Wake waiters of a condition, after running a command that makes it true")
    {
        _condition = ConditionArguments.AddTo(
            this, "Command that makes the condition true; runs inside the mutex; no waiter wakes if it fails");
        Add(_all);
        Examples =
        [
            ("fairlead condition notify inbox -- sh -c 'echo hello >> mail'", "Change the state and wake one waiter"),
            ("fairlead condition notify inbox --all", "Wake all waiters"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var command = _condition.Command(parsed);
        using var mutex = _condition.OpenMutex(parsed);
        using var condition = NamedCondition.Open(_condition.Name(parsed), mutex);
        using var scope = mutex.Enter(cancellationToken: cancellationToken);
        var code = command.Length == 0
            ? ExitCode.Ok
            : await ProgramInside.RunAsync(command, [], ConditionArguments.Inside(mutex, patience: null), cancellationToken);
        if (code != ExitCode.Ok)
        {
            return code;
        }

        if (parsed.GetValue(_all))
        {
            condition.NotifyAll(scope);
        }
        else
        {
            condition.Notify(scope);
        }

        return code;
    }
}
