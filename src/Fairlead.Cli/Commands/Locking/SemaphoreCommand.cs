using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Commands.Logging;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Runs a program with a permit of a semaphore.</summary>
internal sealed class SemaphoreCommand : InsideCommand
{
    private readonly Option<int> _permits = NewOption.Number(
        "--permits", "Number of permits; every user of the semaphore must give the same number", 1);

    public SemaphoreCommand()
        : base(
            "semaphore",
            "Run a command while holding a permit of a named semaphore; exit with the command's status",
            "semaphore",
            ["semaphore"],
            "if no permit is free",
            "sysv://KEY, a System V semaphore")
    {
        Add(_permits);
        Examples =
        [
            ("fairlead semaphore slots --permits 3 -- make", "Run three at the same time in all shells, the others in order of arrival"),
            ("fairlead semaphore slots --permits 3 --nonblock -- make", "Fail immediately if no permit is free (exit 4)"),
            (
                "ls *.png | xargs -P 0 -n 1 fairlead semaphore slots --permits 8 -- optipng",
                "Run at most eight at the same time, in all shells"),
            ("fairlead semaphore sysv://0x5242 -- make", "Take a permit of a System V semaphore, which a C program uses too"),
        ];
    }

    protected override async Task<int> RunAsync(string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (SegmentArgument.IsKey(name))
        {
            return await RunBesideAsync(name, parsed, cancellationToken);
        }

        using var semaphore = NamedSemaphore.Open(name, parsed.GetRequiredValue(_permits));
        using var scope = Enter(semaphore, parsed, cancellationToken);
        var code = await RunInsideAsync(
            parsed, [], () => semaphore.Holders.Select(static holder => holder.Peer.ProcessId), cancellationToken);
        return Verified(code, semaphore.Verify);
    }

    /// <summary>Runs the command with a permit of a semaphore that other programs use too.</summary>
    private async Task<int> RunBesideAsync(string address, ParseResult parsed, CancellationToken cancellationToken)
    {
        var semaphore = SystemVSemaphore.Open(SegmentArgument.KeyOf(address), parsed.GetRequiredValue(_permits));
        using var scope = IsNow(parsed)
            ? semaphore.TryEnter(TimeSpan.Zero, cancellationToken) ?? throw Busy($"{semaphore} has no free permit")
            : await semaphore.EnterAsync(Patience(parsed), cancellationToken);
        return await RunInsideAsync(parsed, shared: null, cancellationToken);
    }

    private SemaphoreScope Enter(NamedSemaphore semaphore, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (!IsNow(parsed))
        {
            return semaphore.Enter(Patience(parsed), cancellationToken);
        }

        return semaphore.TryEnter(TimeSpan.Zero, out var scope, cancellationToken)
            ? scope
            : throw Busy(
                semaphore.Holders is [var first, ..] holders
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"the semaphore '{semaphore.Name}' has no free permit: {holders.Count} of {semaphore.Maximum} are held, "
                            + $"one of them by {first}")
                    : $"the semaphore '{semaphore.Name}' has no free permit");
    }
}
