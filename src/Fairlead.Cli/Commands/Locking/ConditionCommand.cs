using System.CommandLine;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Conditions: waiting for one, and notifying its waiters.</summary>
internal sealed class ConditionCommand : Command, IHasExamples
{
    public ConditionCommand()
        : base("condition", "Wait for a condition inside a mutex, and notify its waiters")
    {
        Add(new ConditionWaitCommand());
        Add(new ConditionNotifyCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead condition wait inbox -- test -s mail", "One shell waits for mail …"),
        ("fairlead condition notify inbox -- sh -c 'echo hello >> mail'", "… and another writes one and wakes it"),
    ];
}
