using System.CommandLine;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands;

/// <summary>Notifies who waits for a condition.</summary>
internal sealed class ConditionNotifyCommand : ToolCommand
{
    private readonly ConditionArguments _condition;
    private readonly Option<bool> _all = NewOption.Switch("--all", "Wake all who wait, not only the one who has waited longest");

    public ConditionNotifyCommand()
        : base("notify", "Wake who waits for a condition, when a program has made it so")
    {
        _condition = ConditionArguments.AddTo(
            this, "The program that makes it so; it runs inside the mutex, and where it ends with anything but 0, nobody is woken");
        Add(_all);
        Examples =
        [
            ("fairlead condition notify inbox -- sh -c 'echo hello >> mail'", "Change it, and wake one"),
            ("fairlead condition notify inbox --all", "Wake all"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var command = _condition.Command(parsed);
        using var mutex = _condition.OpenMutex(parsed);
        using var condition = NamedCondition.Open(_condition.Name(parsed), mutex);
        using var scope = mutex.Enter(cancellationToken: cancellationToken);
        var code = command.Length == 0 ? ExitCode.Ok : await ProgramInside.RunAsync(command, [], cancellationToken);
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
