using System.CommandLine;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands;

/// <summary>Which condition, with which mutex, and what runs inside.</summary>
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

    /// <summary>Adds them to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="what">What its command is for.</param>
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

    /// <summary>What is to run inside; empty: nothing.</summary>
    public string[] Command(ParseResult parsed) => parsed.GetValue(_command) ?? [];
}
