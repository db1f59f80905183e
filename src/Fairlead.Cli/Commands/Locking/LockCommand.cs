using System.CommandLine;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Runs a program inside a mutex, or a reader-writer lock.</summary>
internal sealed class LockCommand : InsideCommand
{
    /// <summary>The scheme of a name that is the path of a file.</summary>
    private const string FileScheme = "file://";

    /// <summary>The variable that tells the program that the previous owner died inside.</summary>
    private const string OwnerDied = "FAIRLEAD_OWNER_DIED";

    private readonly Option<bool> _shared = NewOption.Switch(
        "--shared", "Use a reader-writer lock and read: other readers may be inside too");
    private readonly Option<bool> _exclusive = NewOption.Switch("--exclusive", "Use a reader-writer lock and write: exclude all others");

    private readonly Option<bool> _recursive = NewOption.Switch(
        "--recursive", "If this command already runs inside the same mutex, enter it again: run the command immediately");

    public LockCommand()
        : base(
            "lock",
            "Run a command while holding a named lock; exit with the command's status",
            "lock",
            ["mutex", "reader-writer lock"],
            "if the lock is not free",
            "file://PATH, the lock of a file that flock takes")
    {
        Add(_shared);
        Add(_exclusive);
        Add(_recursive);
        Examples =
        [
            ("fairlead lock build -- make -j8", "Run one at a time, in order of arrival"),
            ("fairlead lock build --nonblock -- make", "Fail immediately if the lock is held (exit 4); print the owner to stderr"),
            ("fairlead lock build --timeout 10s -- make", "Give up after 10 seconds (exit 124)"),
            (
                "fairlead lock build -- sh -c '[ -z \"$FAIRLEAD_OWNER_DIED\" ] || make clean; make'",
                "Clean up after a process that was killed while holding the lock"),
            (
                "fairlead lock build -- sh -c 'fairlead lock build --recursive -- make'",
                "Enter again: without --recursive that is an error (exit 4), because the inner command would wait for the outer one"),
            ("fairlead lock table --shared -- grep x table", "Any number of readers at the same time …"),
            ("fairlead lock table --exclusive -- sed -i s/x/y/ table", "… or one writer"),
            ("fairlead lock file:///run/lock/app -- make", "Exclude programs that take the lock of this file: flock(1), Python, C"),
        ];
    }

    /// <summary>
    /// Opens an existing mutex of either kind, or creates a plain one: recursion makes no difference to one that enters once.
    /// </summary>
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

    protected override Task<int> RunAsync(string name, ParseResult parsed, CancellationToken cancellationToken) =>
        (parsed.GetValue(_shared), parsed.GetValue(_exclusive)) switch
        {
            (false, _) or (_, false) when name.StartsWith(FileScheme, StringComparison.Ordinal) =>
                LockFileAsync(FileLock.Open(name[FileScheme.Length..]), parsed, cancellationToken),
            (true, true) => throw ToolException.Usage("--shared reads, and --exclusive writes: use only one of them"),
            _ when parsed.GetValue(_recursive) && (parsed.GetValue(_shared) || parsed.GetValue(_exclusive)) =>
                throw ToolException.Usage("--recursive enters a mutex again: leave out --shared and --exclusive"),
            (true, _) => ReadAsync(name, parsed, cancellationToken),
            (_, true) => WriteAsync(name, parsed, cancellationToken),
            _ => BeAloneAsync(name, parsed, cancellationToken),
        };

    private async Task<int> BeAloneAsync(string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var mutex = Open(name);
        if (Around(mutex.Holder is { } owner ? [owner] : []) is { } around)
        {
            return parsed.GetValue(_recursive)
                ? await RunInsideAsync(parsed, [], inside: null, cancellationToken)
                : throw Endless(mutex, around, ", or enter it again with --recursive");
        }

        using var scope = Enter(
            parsed, timeout => mutex.Enter(timeout, cancellationToken), mutex, () => mutex.Holder is { } holder ? [holder] : []);
        var code = await RunAsync(
            name, scope.OwnerDied, scope.MarkConsistent, static () => [Environment.ProcessId], parsed, cancellationToken);
        return Verified(code, mutex.Verify);
    }

    private async Task<int> ReadAsync(string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var both = NamedReaderWriterLock.Open(name);
        if (Around(both.Holders) is { } around)
        {
            // Another reader inside its own command: it can enter now, or a writer waits for the outer one, or is the outer one.
            if (!both.TryEnterRead(TimeSpan.Zero, out var again, cancellationToken))
            {
                throw Endless(both, around, "");
            }

            using (again)
            {
                return await RunAsync(name, again.OwnerDied, null, () => Ids(both), parsed, cancellationToken);
            }
        }

        using var scope = Enter(parsed, timeout => both.EnterRead(timeout, cancellationToken), both, () => both.Holders);
        return Verified(await RunAsync(name, scope.OwnerDied, null, () => Ids(both), parsed, cancellationToken), both.Verify);
    }

    private async Task<int> WriteAsync(string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var both = NamedReaderWriterLock.Open(name);
        if (Around(both.Holders) is { } around)
        {
            throw Endless(both, around, "");
        }

        using var scope = Enter(parsed, timeout => both.EnterWrite(timeout, cancellationToken), both, () => both.Holders);
        var code = await RunAsync(name, scope.OwnerDied, scope.MarkConsistent, () => Ids(both), parsed, cancellationToken);
        return Verified(code, both.Verify);
    }

    /// <summary>Runs the command in the lock of a file; the command keeps the lock after this process was killed.</summary>
    private async Task<int> LockFileAsync(FileLock file, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_recursive))
        {
            throw ToolException.Usage("--recursive enters a mutex again: the lock of a file has none");
        }

        if (Around(file.Holders) is { } around)
        {
            throw Endless(file, around, "");
        }

        var patience = IsNow(parsed) ? TimeSpan.Zero : Patience(parsed);
        using var scope = parsed.GetValue(_shared)
            ? await file.TryEnterSharedAsync(patience ?? Timeout.InfiniteTimeSpan, cancellationToken)
            : await file.TryEnterAsync(patience ?? Timeout.InfiniteTimeSpan, cancellationToken);
        return scope is not null
            ? await RunInsideAsync(parsed, scope.File, cancellationToken)
            : throw new ToolException(
                IsNow(parsed) ? ExitCode.AlreadyExists : ExitCode.Timeout,
                file.Holders is [var holder, ..] ? $"{file} is held by {holder}" : $"{file} was held until now: try again");
    }

    /// <summary>Enters in a blocking call, so a thread waits and owns: the search for deadlocks follows only threads.</summary>
    private TScope Enter<TScope>(ParseResult parsed, Func<TimeSpan?, TScope> enter, object what, Func<IReadOnlyList<LockHolder>> inside)
    {
        try
        {
            return enter(IsNow(parsed) ? TimeSpan.Zero : Patience(parsed));
        }
        catch (FairleadException error) when (error.Code == ErrorCode.Timeout && IsNow(parsed))
        {
            throw Busy(inside() is [var holder, ..] ? $"{what} is held by {holder}" : $"{what} was held a moment ago: try again");
        }
    }

    /// <summary>Returns the owner in whose command this process runs; null if it runs in none of them.</summary>
    private static LockHolder? Around(IReadOnlyList<LockHolder> inside)
    {
        var around = Around([.. inside.Select(static owner => owner.Peer)]);
        return inside.FirstOrDefault(owner => owner.Peer == around);
    }

    private static Peer? Around(IReadOnlyList<Peer> inside)
    {
        var around = EnclosingLock.Of(Environment.ProcessId);
        return inside.FirstOrDefault(owner => owner.ProcessId is { } id && around.Contains(id));
    }

    private static ToolException Endless(object what, object around, string way) =>
        Busy($"{what} is held by {around}, in whose command this one runs: each would wait for the other. Leave out the inner lock{way}");

    private static IEnumerable<int?> Ids(NamedReaderWriterLock both) => both.Holders.Select(static holder => holder.Peer.ProcessId);

    private async Task<int> RunAsync(
        string name,
        bool hasDied,
        Action? mend,
        Func<IEnumerable<int?>> inside,
        ParseResult parsed,
        CancellationToken cancellationToken)
    {
        if (hasDied)
        {
            ErrorLine.Write($"the last owner of '{name}' died while holding it: the guarded data may be half changed");
        }

        var code = await RunInsideAsync(parsed, [new(OwnerDied, hasDied ? "1" : null)], inside, cancellationToken);

        // A successful writer has repaired the data; a reader has not, and after a failure the next owner learns of the death too.
        if (hasDied && code == ExitCode.Ok)
        {
            mend?.Invoke();
        }

        return code;
    }
}
