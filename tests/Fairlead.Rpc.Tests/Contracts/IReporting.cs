namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Members that report their progress, and that call an object as long as their call lasts.</summary>
[RpcContract]
public interface IReporting
{
    ValueTask<int> CountAsync(int count, IProgress<int> progress, CancellationToken cancellationToken = default);

    Task NoteAsync(IProgress<Stage?>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Reports, and then waits for its token.</summary>
    ValueTask EndlessAsync(IProgress<int> progress, CancellationToken cancellationToken = default);

    ValueTask FailAsync(IProgress<int> progress, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> EachAsync(
        IAsyncEnumerable<int> items, IProgress<int> progress, CancellationToken cancellationToken = default);

    ValueTask VisitAsync([DuringCall] IVisited visited, CancellationToken cancellationToken = default);

    int Visit([DuringCall] IVisited? visited);

    /// <summary>Calls what the last call has passed, which has ended. Returns the error.</summary>
    ValueTask<string> VisitLaterAsync(CancellationToken cancellationToken = default);
}

[RpcContract]
public interface IVisited
{
    ValueTask<int> GreetAsync(int number, CancellationToken cancellationToken = default);
}

public sealed record Stage(string Name, double Part);

public sealed class Reporting : IReporting
{
    private IProgress<int>? _progress;
    private IVisited? _visited;

    /// <summary>Set when all reports have been made.</summary>
    public ManualResetEventSlim Counted { get; } = new();

    public ValueTask<int> CountAsync(int count, IProgress<int> progress, CancellationToken cancellationToken = default)
    {
        _progress = progress;
        for (int i = 1; i <= count; i++)
        {
            progress.Report(i);
        }

        Counted.Set();

        return new ValueTask<int>(count);
    }

    public Task NoteAsync(IProgress<Stage?>? progress = null, CancellationToken cancellationToken = default)
    {
        progress?.Report(new Stage("half", 0.5));
        progress?.Report(null);
        return Task.CompletedTask;
    }

    public async ValueTask EndlessAsync(IProgress<int> progress, CancellationToken cancellationToken = default)
    {
        progress.Report(1);
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
    }

    public async ValueTask FailAsync(IProgress<int> progress, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        progress.Report(7);
        throw new RpcException(1, "failed");
    }

    public async IAsyncEnumerable<int> EachAsync(
        IAsyncEnumerable<int> items,
        IProgress<int> progress,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (int item in items.WithCancellation(cancellationToken))
        {
            progress.Report(item);
            yield return item;
        }
    }

    public async ValueTask VisitAsync(IVisited visited, CancellationToken cancellationToken = default)
    {
        _visited = visited;
        _ = await visited.GreetAsync(1, cancellationToken);
        _ = await visited.GreetAsync(2, cancellationToken);
    }

    public int Visit(IVisited? visited) => visited?.GreetAsync(3).AsTask().GetAwaiter().GetResult() ?? 0;

    public async ValueTask<string> VisitLaterAsync(CancellationToken cancellationToken = default)
    {
        _progress?.Report(1000);
        try
        {
            return $"{await _visited!.GreetAsync(4, cancellationToken)}";
        }
        catch (FairleadException ended)
        {
            return $"{ended.Code}";
        }
    }
}
