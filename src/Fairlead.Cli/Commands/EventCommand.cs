using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Events: one shell waits, another one says when.</summary>
internal sealed class EventCommand : Command, IHasExamples
{
    public EventCommand()
        : base("event", "Wait until somebody says so, and say so")
    {
        Add(
            new EventActionCommand(
                "set", "Set an event: all who wait go on, and all who come; with --auto one of them", static one => one.Set()));
        Add(new EventActionCommand("clear", "Clear an event: who comes from now on waits", static one => one.Reset()));
        Add(new EventActionCommand("pulse", "Let all go on who wait now, and leave the event clear", static one => one.Pulse()));
        Add(new EventWaitCommand());
        Add(new EventIsSetCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead event wait go && ./worker", "Any number of shells wait …"),
        ("fairlead event set go", "… and one starts them all"),
        ("fairlead event is-set go || echo not yet", "Look without waiting"),
    ];
}
