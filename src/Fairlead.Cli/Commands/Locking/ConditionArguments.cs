using System.CommandLine;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>The arguments of the condition commands: the condition, its mutex, and the command to run inside.</summary>
internal sealed class ConditionArguments
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the condition; created if it does not exist" };
    private readonly Argument<string[]> _command;
    private readonly Option<string?> _mutex = new("--mutex")
    {
        Description = "Mutex of the condition, the same for all its users (default: NAME.mutex)",
        HelpName = "NAME",
    };

    private ConditionArguments(string what)
    {
        _command = new("COMMAND") { Description = $"{what}; after --", Arity = ArgumentArity.ZeroOrMore };
        _name.CompletionSources.Add(static _ => LocksCommand.Names("condition"));
        _mutex.CompletionSources.Add(static _ => LocksCommand.Names("mutex"));
    }

    /// <summary>Adds the arguments to a command.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="what">The purpose of the program to run.</param>
    public static ConditionArguments AddTo(Command verb, string what)
    {
        var arguments = new ConditionArguments(what);
        verb.Add(arguments._name);
        verb.Add(arguments._command);
        verb.Add(arguments._mutex);
        return arguments;
    }

    public string Name(ParseResult parsed) => parsed.GetRequiredValue(_name);

    public NamedMutex OpenMutex(ParseResult parsed) => LockCommand.Open(parsed.GetValue(_mutex) ?? $"{Name(parsed)}.mutex");

    /// <summary>Returns the entry into the mutex in which a program runs.</summary>
    public static CommandInside Inside(NamedMutex mutex, TimeSpan? patience) =>
        new(mutex.Name!, static () => [Environment.ProcessId], patience);

    /// <summary>Returns the program to run inside; empty: none.</summary>
    public string[] Command(ParseResult parsed) => parsed.GetValue(_command) ?? [];
}
