using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace JobServer;

/// <summary>The commands of the client.</summary>
internal static class JobClient
{
    private const int ChunkSize = 64 * 1024;

    public static async Task RunAsync(IJobs jobs, long limit, CancellationToken stop)
    {
        long shown = -1;
        await foreach (Progress progress in jobs.RunAsync(limit, stop))
        {
            long percent = 100 * progress.Done / progress.Limit;
            if (percent != shown)
            {
                shown = percent;
                Console.Error.WriteLine($"job {progress.Job}: {percent} %");
            }

            if (progress.Done == progress.Limit)
            {
                Console.WriteLine($"{progress.Primes} primes below {progress.Limit}");
            }
        }
    }

    /// <summary>Passes an object that the server calls, on other threads, until this call ends: by Ctrl-C or with the server.</summary>
    public static async Task WatchAsync(IJobs jobs, CancellationToken stop) => await jobs.WatchAsync(new Observer(), stop);

    public static async Task UploadAsync(IJobs jobs, string path, CancellationToken stop)
    {
        await using FileStream file = File.OpenRead(path);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        StoredFile stored = await jobs.UploadAsync(ChunksAsync(file, hash, stop), stop);
        if (stored.Sha256 != Convert.ToHexStringLower(hash.GetHashAndReset()))
        {
            throw new IOException($"the server has stored other bytes than those of {path}");
        }

        Console.WriteLine($"{stored.Bytes} bytes, SHA-256 {stored.Sha256}, stored as {stored.Path}");
    }

    // One buffer is enough: each chunk is marshalled before the next one is asked for.
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ChunksAsync(
        FileStream file, IncrementalHash hash, [EnumeratorCancellation] CancellationToken stop)
    {
        byte[] buffer = new byte[ChunkSize];
        while (await file.ReadAsync(buffer, stop) is var length and > 0)
        {
            hash.AppendData(buffer, 0, length);
            yield return buffer.AsMemory(0, length);
        }
    }

    /// <summary>The client's object that the server calls.</summary>
    private sealed class Observer : IJobObserver
    {
        public ValueTask WatchingAsync(IReadOnlyList<int> running, CancellationToken cancellationToken)
        {
            Console.Error.WriteLine($"watching; {running.Count} jobs run");
            return default;
        }

        public ValueTask JobEndedAsync(JobEnd end, CancellationToken cancellationToken)
        {
            Console.WriteLine($"job {end.Job} has ended: {end.Outcome} after {end.Took.TotalMilliseconds:0} ms");
            return default;
        }
    }
}
