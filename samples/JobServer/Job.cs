using System.Diagnostics;
using System.Threading.Channels;

namespace JobServer;

/// <summary>A job: counts primes on a thread of the pool.</summary>
/// <remarks>Dispose it after its <see cref="Completion"/>.</remarks>
internal sealed class Job : IDisposable
{
    private const int Slice = 10_000;

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _cancel = new();

    // Only the newest progress waits for a reader: the job does not become slow because its client is.
    private readonly Channel<Progress> _progress =
        Channel.CreateBounded<Progress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    public Job(int id, long limit)
    {
        Id = id;
        Completion = Task.Run(() => Count(limit));
    }

    public int Id { get; }

    /// <summary>Completes when the job has ended. Never fails.</summary>
    public Task<JobEnd> Completion { get; }

    /// <summary>The newest progress, again and again, until the end.</summary>
    public IAsyncEnumerable<Progress> ProgressAsync(CancellationToken cancellationToken) => _progress.Reader.ReadAllAsync(cancellationToken);

    public void Cancel() => _cancel.Cancel();

    public void Dispose() => _cancel.Dispose();

    private JobEnd Count(long limit)
    {
        JobOutcome outcome = JobOutcome.Failed;
        try
        {
            long primes = 0;
            for (long from = 0; from < limit && !_cancel.IsCancellationRequested; from += Slice)
            {
                long to = Math.Min(from + Slice, limit);
                for (long number = from; number < to; number++)
                {
                    primes += IsPrime(number) ? 1 : 0;
                }

                _progress.Writer.TryWrite(new Progress(Id, to, limit, primes));
            }

            outcome = _cancel.IsCancellationRequested ? JobOutcome.Cancelled : JobOutcome.Finished;
        }
        finally
        {
            _progress.Writer.Complete();
        }

        return new JobEnd(Id, outcome, Stopwatch.GetElapsedTime(_start));
    }

    private static bool IsPrime(long number)
    {
        for (long divisor = 2; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                return false;
            }
        }

        return number > 1;
    }
}
