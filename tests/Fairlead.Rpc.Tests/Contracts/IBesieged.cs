using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>A service that a hostile client and an honest one use.</summary>
[RpcContract]
public interface IBesieged
{
    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);

    /// <summary>Lasts until its caller gives it up.</summary>
    ValueTask LastAsync(byte[] data, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    ValueTask<int> AskBackAsync(IWatcher watcher, int number, CancellationToken cancellationToken = default);

    ValueTask<int> PointsAsync(Dictionary<Point, int> points, CancellationToken cancellationToken = default);
}

internal class Besieged : IBesieged
{
    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => new(a + b);

    public async ValueTask LastAsync(byte[] data, CancellationToken cancellationToken) =>
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken);

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    public ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken) =>
        numbers.AggregateAsync(0L, static (sum, number) => sum + number, cancellationToken);

    public async ValueTask<int> AskBackAsync(IWatcher watcher, int number, CancellationToken cancellationToken) =>
        await watcher.AskAsync(number, cancellationToken);

    public ValueTask<int> PointsAsync(Dictionary<Point, int> points, CancellationToken cancellationToken) => new(points.Count);
}
