using System.Text.Json.Serialization;
using Fairlead.Rpc;

namespace JobServer;

/// <summary>The contract of the server.</summary>
[RpcContract]
internal interface IJobs
{
    /// <summary>Runs a job, and streams its progress. A client that leaves the stream, or dies, cancels the job.</summary>
    IAsyncEnumerable<Progress> RunAsync(long limit, CancellationToken cancellationToken = default);

    /// <summary>Cancels the job of any client.</summary>
    [Idempotent]
    ValueTask CancelAsync(int job, CancellationToken cancellationToken = default);

    /// <summary>Tells an object of the client when a job ends. The call lasts until the client cancels it.</summary>
    ValueTask WatchAsync(IJobObserver observer, CancellationToken cancellationToken = default);

    /// <summary>Stores a file that the client sends in chunks.</summary>
    ValueTask<StoredFile> UploadAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> chunks, CancellationToken cancellationToken = default);
}

/// <summary>The contract of a client that watches: the server calls it. Its values travel as JSON.</summary>
[RpcContract(Serializer = typeof(JobJson))]
internal interface IJobObserver
{
    /// <summary>Comes first: from here on each end is told.</summary>
    ValueTask WatchingAsync(IReadOnlyList<int> running, CancellationToken cancellationToken = default);

    ValueTask JobEndedAsync(JobEnd end, CancellationToken cancellationToken = default);
}

internal sealed class JobJson() : JsonRpcSerializer(JobContext.Default);

[JsonSerializable(typeof(IReadOnlyList<int>))]
[JsonSerializable(typeof(JobEnd))]
internal sealed partial class JobContext : JsonSerializerContext;

/// <summary>A job counts the primes below a limit: so far it has come to <paramref name="Done"/>, and found so many.</summary>
internal readonly record struct Progress(int Job, long Done, long Limit, long Primes);

internal sealed record JobEnd(int Job, JobOutcome Outcome, TimeSpan Took);

internal enum JobOutcome
{
    Finished,
    Cancelled,
    Failed,
}

/// <summary>The place of a file at the server, and what has arrived there.</summary>
internal sealed record StoredFile(string Path, long Bytes, string Sha256);

/// <summary>The codes of the server's own errors: a client can tell them apart.</summary>
internal static class JobError
{
    public const int NoSuchJob = 1;
    public const int Cancelled = 2;
    public const int BadLimit = 3;
    public const int TooLarge = 4;
    public const int ServerEnds = 5;
}
