using System.CommandLine;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>The arguments of the event commands: the event, and its kind if it does not exist yet.</summary>
internal sealed class EventArguments
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the event; created if it does not exist" };
    private readonly Option<bool> _auto = NewOption.Switch(
        "--auto", "Create an event that releases one waiter each time and clears itself; no effect on an existing event");

    private EventArguments() => _name.CompletionSources.Add(static _ => LocksCommand.Names("event"));

    public static EventArguments AddTo(Command verb)
    {
        var arguments = new EventArguments();
        verb.Add(arguments._name);
        verb.Add(arguments._auto);
        return arguments;
    }

    /// <summary>Opens an existing event of either kind, or creates the requested one.</summary>
    public NamedEvent Open(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(_name);
        var (asked, other) = parsed.GetValue(_auto)
            ? (EventResetMode.AutoReset, EventResetMode.ManualReset)
            : (EventResetMode.ManualReset, EventResetMode.AutoReset);
        try
        {
            return NamedEvent.Open(name, asked);
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Incompatible)
        {
            return NamedEvent.Open(name, other);
        }
    }
}
