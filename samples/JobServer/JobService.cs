using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Fairlead;
using Fairlead.Rpc;

namespace JobServer;

/// <summary>Implements the contract. Its members are called by many clients at once.</summary>
/// <remarks>Owns the jobs, and a folder for the files that only this user can read. Dispose it when the server has ended.</remarks>
internal sealed class JobService : IJobs, IDisposable
{
    private const long LongestJob = 1_000_000_000;
    private const long LargestFile = 1L << 30;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<int, Job> _jobs = new();
    private readonly ConcurrentDictionary<IJobObserver, bool> _observers = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("jobs-");
    private int _lastJob;
    private int _lastFile;

    public async IAsyncEnumerable<Progress> RunAsync(long limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LongestJob)
        {
            throw new RpcException(JobError.BadLimit, $"a job counts below a limit of 1 to {LongestJob}, not {limit}");
        }

        using Job job = new(Interlocked.Increment(ref _lastJob), limit);
        _jobs[job.Id] = job;
        Console.WriteLine($"job {job.Id} begins");
        try
        {
            await foreach (Progress progress in job.ProgressAsync(cancellationToken))
            {
                yield return progress;
            }
        }
        finally
        {
            // Also here when the client has left its loop, or has died: then the job is cancelled.
            if (cancellationToken.IsCancellationRequested)
            {
                job.Cancel();
            }

            JobEnd end = await job.Completion;
            _jobs.TryRemove(job.Id, out _);
            Console.WriteLine($"job {end.Job} ends: {end.Outcome}");
            _ = TellAsync(end);
        }

        if (job.Completion.Result.Outcome == JobOutcome.Cancelled)
        {
            throw new RpcException(JobError.Cancelled, $"job {job.Id} was cancelled");
        }
    }

    public ValueTask CancelAsync(int job, CancellationToken cancellationToken)
    {
        if (!_jobs.TryGetValue(job, out Job? running))
        {
            string known = _jobs.IsEmpty ? "none runs" : $"these run: {string.Join(", ", _jobs.Keys.Order())}";
            throw new RpcException(JobError.NoSuchJob, $"job {job} does not run; {known}");
        }

        running.Cancel();
        return default;
    }

    public async ValueTask WatchAsync(IJobObserver observer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        _observers[observer] = true;
        try
        {
            await observer.WatchingAsync([.. _jobs.Keys.Order()], end.Token);
            await Task.Delay(Timeout.Infinite, end.Token);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            throw new RpcException(JobError.ServerEnds, "the server ends");
        }
        finally
        {
            // Also when the client has died: that cancels its calls.
            _observers.TryRemove(observer, out _);
        }
    }

    public async ValueTask<StoredFile> UploadAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> chunks, CancellationToken cancellationToken)
    {
        string path = Path.Combine(_files.FullName, Interlocked.Increment(ref _lastFile).ToString(CultureInfo.InvariantCulture));
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using FileStream file = new(path, FileMode.CreateNew);
            await foreach (ReadOnlyMemory<byte> chunk in chunks)
            {
                if (file.Length + chunk.Length > LargestFile)
                {
                    throw new RpcException(JobError.TooLarge, $"a file has at most {LargestFile} bytes");
                }

                hash.AppendData(chunk.Span);
                await file.WriteAsync(chunk, cancellationToken);
            }

            await file.FlushAsync(cancellationToken);
            return new StoredFile(path, file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch
        {
            // The client has broken off: half a file is of no use.
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Ends the calls that run: jobs are cancelled, and watching is over.</summary>
    public void End()
    {
        _ending.Cancel();
        foreach (Job job in _jobs.Values)
        {
            job.Cancel();
        }
    }

    public void Dispose()
    {
        _ending.Dispose();
        _files.Delete(recursive: true);
    }

    private Task TellAsync(JobEnd end) => Task.WhenAll(_observers.Keys.Select(async observer =>
    {
        try
        {
            using CancellationTokenSource patience = new(Patience);
            await observer.JobEndedAsync(end, patience.Token);
        }
        catch (Exception gone) when (gone is FairleadException or RpcException or OperationCanceledException)
        {
            Console.WriteLine($"an observer has not heard of the end of job {end.Job}: {gone.Message}");
        }
    }));
}
