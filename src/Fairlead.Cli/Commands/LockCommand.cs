using System.CommandLine;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>Runs a program inside a mutex.</summary>
internal sealed class LockCommand : ToolCommand
{
    /// <summary>The variable by which the program learns that the one before it died inside.</summary>
    private const string OwnerDied = "FAIRLEAD_OWNER_DIED";

    private readonly Argument<string> _name = new("NAME") { Description = "The mutex; it is made where there is none" };
    private readonly Argument<string[]> _command = new("COMMAND") { Description = "The program and its arguments, behind --", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _nonblock = NewOption.Switch("--nonblock", "Do not wait: end with 4 where somebody is inside");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("How long to wait to come in; then it ends with 124");
    private readonly Option<bool> _shared = NewOption.Switch("--shared", "Refused: a mutex has one inside");

    public LockCommand()
        : base("lock", "Run a program while nobody else is inside a mutex, and end as it does")
    {
        _name.CompletionSources.Add(static _ => LocksCommand.Names());
        Add(_name);
        Add(_command);
        Add(_nonblock);
        Add(_timeout);
        Add(_shared);
        Examples =
        [
            ("fairlead lock build -- make -j8", "One at a time, in order of arrival"),
            ("fairlead lock build --nonblock -- make", "Or not at all (4); who is inside is told on stderr"),
            ("fairlead lock build --timeout 10s -- make", "Or after 10 seconds not (124)"),
            ("fairlead lock build -- sh -c '[ -z \"$FAIRLEAD_OWNER_DIED\" ] || make clean; make'", "Clean up after one who was killed inside"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        if (parsed.GetValue(_shared))
        {
            throw ToolException.Usage("--shared is for a lock that lets several readers in, and there is none yet: a mutex has one inside");
        }

        if (parsed.GetValue(_nonblock) && parsed.GetValue(_timeout) is not null)
        {
            throw ToolException.Usage("--nonblock does not wait, and --timeout says how long to wait: give one of them");
        }

        var name = parsed.GetRequiredValue(_name);
        using var mutex = Open(name);
        using var scope = Enter(mutex, parsed, token);
        var hasDied = scope.OwnerDied;
        if (hasDied)
        {
            ErrorLine.Write($"the last owner of '{name}' died inside: what it guards may be half changed");
        }

        var code = await RunInsideAsync(parsed.GetRequiredValue(_command), hasDied, token);

        // Who succeeds has put right whatever there was; else the next one is told too.
        if (hasDied && code == ExitCode.Ok)
        {
            scope.MarkConsistent();
        }

        return code;
    }

    /// <summary>As it is, or a plain one: whether it is recursive makes no difference to who enters once.</summary>
    private static NamedMutex Open(string name)
    {
        try
        {
            return NamedMutex.Open(name);
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Incompatible)
        {
            return NamedMutex.Open(name, new NamedMutexOptions { Recursive = true });
        }
    }

    /// <summary>Blocking, so that it is a thread that waits and is inside: these are followed by whoever looks for deadlocks.</summary>
    private MutexScope Enter(NamedMutex mutex, ParseResult parsed, CancellationToken token)
    {
        if (!parsed.GetValue(_nonblock))
        {
            return mutex.Enter(parsed.GetValue(_timeout), token);
        }

        return mutex.TryEnter(TimeSpan.Zero, out var scope, token)
            ? scope
            : throw new ToolException(ExitCode.AlreadyExists, mutex.Holder is { } holder ? $"the mutex '{mutex.Name}' is held by {holder}" : $"the mutex '{mutex.Name}' was held a moment ago");
    }

    private static async Task<int> RunInsideAsync(string[] command, bool hasDied, CancellationToken token)
    {
        // A signal ends the waiting before, or reaches the command; none is lost between.
        using var passing = new SignalPassing();
        token.ThrowIfCancellationRequested();
        await using var child = ChildProcess.Start(command[0], command[1..], new ChildProcessOptions
        {
            TiedToParent = true,
            Environment = new Dictionary<string, string?> { [OwnerDied] = hasDied ? "1" : null, [EnclosingLock.Variable] = ProcessIdentity.Current.ToString() },
        });
        passing.To(child);
        var exit = await child.ExitAsync(CancellationToken.None);
        if (exit is Killed killed)
        {
            ErrorLine.Write($"{command[0]} was {killed}");
        }

        return exit.ShellCode;
    }
}
