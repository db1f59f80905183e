using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Conditions: waiting until something is so, and saying that it may be.</summary>
internal sealed class ConditionCommand : Command, IHasExamples
{
    public ConditionCommand()
        : base("condition", "Wait until something is so, and tell who waits that it may be, inside a mutex")
    {
        Add(new ConditionWaitCommand());
        Add(new ConditionNotifyCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead condition wait inbox -- test -s mail", "One shell waits until there is mail …"),
        ("fairlead condition notify inbox -- sh -c 'echo hello >> mail'", "… the other writes one, and wakes it"),
    ];
}
