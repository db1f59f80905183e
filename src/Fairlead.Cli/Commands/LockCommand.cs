using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Runs a program inside a mutex.</summary>
internal sealed class LockCommand : InsideCommand
{
    /// <summary>The variable by which the program learns that the one before it died inside.</summary>
    private const string OwnerDied = "FAIRLEAD_OWNER_DIED";

    private readonly Option<bool> _shared = NewOption.Switch("--shared", "Refused: a mutex has one inside");

    public LockCommand()
        : base("lock", "Run a program while nobody else is inside a mutex, and end as it does", "mutex", "where somebody is inside")
    {
        Add(_shared);
        Examples =
        [
            ("fairlead lock build -- make -j8", "One at a time, in order of arrival"),
            ("fairlead lock build --nonblock -- make", "Or not at all (4); who is inside is told on stderr"),
            ("fairlead lock build --timeout 10s -- make", "Or after 10 seconds not (124)"),
            ("fairlead lock build -- sh -c '[ -z \"$FAIRLEAD_OWNER_DIED\" ] || make clean; make'", "Clean up after one who was killed inside"),
        ];
    }

    protected override async Task<int> RunAsync(string name, ParseResult parsed, CancellationToken token)
    {
        if (parsed.GetValue(_shared))
        {
            throw ToolException.Usage("--shared is for a lock that lets several readers in, and there is none yet: a mutex has one inside");
        }

        using var mutex = Open(name);
        using var scope = Enter(mutex, parsed, token);
        var hasDied = scope.OwnerDied;
        if (hasDied)
        {
            ErrorLine.Write($"the last owner of '{name}' died inside: what it guards may be half changed");
        }

        var code = await RunInsideAsync(parsed, [new(OwnerDied, hasDied ? "1" : null)], token);

        // Who succeeds has put right whatever there was; else the next one is told too.
        if (hasDied && code == ExitCode.Ok)
        {
            scope.MarkConsistent();
        }

        return code;
    }

    /// <summary>As it is, or a plain one: whether it is recursive makes no difference to who enters once.</summary>
    public static NamedMutex Open(string name)
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
        if (!IsNow(parsed))
        {
            return mutex.Enter(Patience(parsed), token);
        }

        return mutex.TryEnter(TimeSpan.Zero, out var scope, token)
            ? scope
            : throw Busy(mutex.Holder is { } holder ? $"the mutex '{mutex.Name}' is held by {holder}" : $"the mutex '{mutex.Name}' was held a moment ago");
    }
}
