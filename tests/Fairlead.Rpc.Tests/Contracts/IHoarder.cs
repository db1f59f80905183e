namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>A service that keeps what it gets until a gate opens.</summary>
[RpcContract]
public interface IHoarder
{
    /// <summary>Returns the number of tables.</summary>
    ValueTask<int> KeepAsync(List<Dictionary<int, int>> tables, CancellationToken cancellationToken = default);

    /// <summary>Keeps the first item, then reads the others. Returns the number of tables.</summary>
    ValueTask<int> ReadAsync(IAsyncEnumerable<List<Dictionary<int, int>>> items, CancellationToken cancellationToken = default);

    /// <summary>Reads nothing, whatever becomes of its caller.</summary>
    ValueTask IgnoreAsync(IAsyncEnumerable<byte[]> items, CancellationToken cancellationToken = default);
}

internal sealed class Hoarder : IHoarder
{
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SemaphoreSlim Begun { get; } = new(0);

    public async ValueTask<int> KeepAsync(List<Dictionary<int, int>> tables, CancellationToken cancellationToken)
    {
        Begun.Release();
        await Gate.Task;
        return tables.Count;
    }

    public async ValueTask<int> ReadAsync(IAsyncEnumerable<List<Dictionary<int, int>>> items, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (List<Dictionary<int, int>> tables in items)
        {
            count += tables.Count;
            Begun.Release();
            await Gate.Task;
        }

        return count;
    }

    public async ValueTask IgnoreAsync(IAsyncEnumerable<byte[]> items, CancellationToken cancellationToken)
    {
        Begun.Release();
        await Gate.Task;
    }
}
