using System.CommandLine;
using System.Globalization;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands;

/// <summary>Runs a program with a permit of a semaphore.</summary>
internal sealed class SemaphoreCommand : InsideCommand
{
    private readonly Option<int> _permits = NewOption.Number(
        "--permits", "How many may be inside at once; who makes the semaphore settles that, and the others must say the same", 1);

    public SemaphoreCommand()
        : base(
            "semaphore",
            "Run a program while no more than so many are inside a semaphore, and end as it does",
            "semaphore",
            ["semaphore"],
            "where no permit is free")
    {
        Add(_permits);
        Examples =
        [
            ("fairlead semaphore slots --permits 3 -- make", "Three at once over all shells, the others in order of arrival"),
            ("fairlead semaphore slots --permits 3 --nonblock -- make", "Or not at all (4)"),
            (
                "ls *.png | xargs -P 0 -n 1 fairlead semaphore slots --permits 8 -- optipng",
                "Eight for all who say so, whoever started them"),
        ];
    }

    protected override async Task<int> RunAsync(string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var semaphore = NamedSemaphore.Open(name, parsed.GetRequiredValue(_permits));
        using var scope = Enter(semaphore, parsed, cancellationToken);
        return await RunInsideAsync(parsed, [], cancellationToken);
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
