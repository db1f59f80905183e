using System.CommandLine;
using System.Runtime.InteropServices;
using Fairlead.Cli.Commands.Locking;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>A command that runs a program inside a lock: it enters for the program, and leaves when the program has ended.</summary>
internal abstract class InsideCommand : ToolCommand
{
    private readonly Argument<string> _name;
    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "The command and its arguments, after --",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<bool> _nonblock;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait for the lock; after that, exit with 124");

    /// <param name="verb">The name of the command.</param>
    /// <param name="description">Its description.</param>
    /// <param name="what">What it enters.</param>
    /// <param name="kinds">The kinds of locks that it enters.</param>
    /// <param name="full">The case in which it cannot enter.</param>
    /// <param name="foreign">The lock of other programs that the name may also be.</param>
    protected InsideCommand(string verb, string description, string what, string[] kinds, string full, string foreign)
        : base(verb, description)
    {
        _name = new("NAME") { Description = $"Name of the {what}, or {foreign}; created if it does not exist" };
        _name.CompletionSources.Add(_ => LocksCommand.Names(kinds));
        _nonblock = NewOption.Switch("--nonblock", $"Do not wait: exit with 4 {full}");
        Add(_name);
        Add(_command);
        Add(_nonblock);
        Add(_timeout);
    }

    protected sealed override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_nonblock) && parsed.GetValue(_timeout) is not null)
        {
            throw ToolException.Usage("--nonblock does not wait, so --timeout has no effect: use only one of them");
        }

        return RunAsync(parsed.GetRequiredValue(_name), parsed, cancellationToken);
    }

    /// <summary>Enters the named lock, runs the program, and leaves.</summary>
    protected abstract Task<int> RunAsync(string name, ParseResult parsed, CancellationToken cancellationToken);

    /// <summary>Whether to enter immediately or not at all; a refused user gets <see cref="Busy"/>.</summary>
    protected bool IsNow(ParseResult parsed) => parsed.GetValue(_nonblock);

    /// <summary>Returns the longest time to wait; null: no limit.</summary>
    protected TimeSpan? Patience(ParseResult parsed) => parsed.GetValue(_timeout);

    protected static ToolException Busy(string message) => new(ExitCode.AlreadyExists, message);

    /// <summary>Runs the program in a lock that this process has entered, after the commands of dead owners have ended.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="variables">Additional environment variables.</param>
    /// <param name="inside">Returns the processes that are inside the lock; null: the lock of an outer command covers the program.</param>
    /// <param name="cancellationToken">Cancels it before the program starts.</param>
    protected Task<int> RunInsideAsync(
        ParseResult parsed,
        IEnumerable<KeyValuePair<string, string?>> variables,
        Func<IEnumerable<int?>>? inside,
        CancellationToken cancellationToken)
    {
        var late = IsNow(parsed) ? ExitCode.AlreadyExists : ExitCode.Timeout;
        return ProgramInside.RunAsync(
            parsed.GetRequiredValue(_command),
            variables,
            inside is null ? null : new CommandInside(parsed.GetRequiredValue(_name), inside, Left(parsed), late),
            cancellationToken);
    }

    /// <summary>Runs the program in a lock of the kernel, which programs without Fairlead use too.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="shared">The open file that has the lock, which the program gets too; null: none.</param>
    /// <param name="cancellationToken">Cancels it before the program starts.</param>
    protected Task<int> RunInsideAsync(ParseResult parsed, SafeHandle? shared, CancellationToken cancellationToken) =>
        ProgramInside.RunAsync(parsed.GetRequiredValue(_command), shared, cancellationToken);

    /// <summary>Reports a lock whose file was removed or damaged while the command ran: others may have been inside.</summary>
    /// <param name="code">The exit code of the command.</param>
    /// <param name="verify">Checks the lock.</param>
    /// <returns>The exit code; a failure if the command succeeded.</returns>
    protected static int Verified(int code, Action verify)
    {
        try
        {
            verify();
            return code;
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Corrupt)
        {
            ErrorLine.Write($"{error.WhatHappened}: other processes may have been inside while the command ran");
            return code == ExitCode.Ok ? ExitCode.Failure : code;
        }
    }

    /// <summary>Returns the rest of the time; null: no limit.</summary>
    private TimeSpan? Left(ParseResult parsed) =>
        IsNow(parsed) ? TimeSpan.Zero : Patience(parsed) - TimeProvider.System.GetElapsedTime(_began);
}
