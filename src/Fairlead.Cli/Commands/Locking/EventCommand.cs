using System.CommandLine;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Events: one shell waits, another one sets.</summary>
internal sealed class EventCommand : Command, IHasExamples
{
    public EventCommand()
        : base("event", "Set, clear and wait for named events")
    {
        Add(
            new EventActionCommand(
                "set", "Set an event: release all waiters until it is cleared, or one waiter with --auto", static one => one.Set()));
        Add(new EventActionCommand("clear", "Clear an event: later callers wait", static one => one.Reset()));
        Add(new EventActionCommand("pulse", "Release all present waiters, and leave the event clear", static one => one.Pulse()));
        Add(new EventWaitCommand());
        Add(new EventIsSetCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead event wait go && ./worker", "Any number of shells wait …"),
        ("fairlead event set go", "… and one starts them all"),
        ("fairlead event is-set go || echo not yet", "Test without waiting"),
    ];
}
