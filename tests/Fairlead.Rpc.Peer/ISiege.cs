using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Peer;

/// <summary>A service that hostile clients and an honest one use.</summary>
[RpcContract]
public interface ISiege
{
    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);

    /// <summary>Lasts until its caller gives it up.</summary>
    ValueTask<int> KeepAsync(byte[] data, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="KeepAsync"/>
    ValueTask<int> KeepTablesAsync(List<Dictionary<int, int>> tables, CancellationToken cancellationToken = default);

    ValueTask<int> CountPointsAsync(Dictionary<SiegePoint, int> points, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);

    /// <summary>Reads one item, then nothing until its caller gives it up.</summary>
    ValueTask<int> ReadOneAsync(IAsyncEnumerable<byte[]> items, CancellationToken cancellationToken = default);
}

/// <summary>A key whose own hash a client can choose.</summary>
public readonly record struct SiegePoint(int X, int Y);

internal sealed class Besieged : ISiege
{
    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => new(a + b);

    public ValueTask<int> KeepAsync(byte[] data, CancellationToken cancellationToken) => KeepAsync(data.Length, cancellationToken);

    public ValueTask<int> KeepTablesAsync(List<Dictionary<int, int>> tables, CancellationToken cancellationToken) =>
        KeepAsync(tables, cancellationToken);

    public ValueTask<int> CountPointsAsync(Dictionary<SiegePoint, int> points, CancellationToken cancellationToken) => new(points.Count);

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            if (i % 100 == 0)
            {
                await Task.Yield();
            }

            yield return i;
        }
    }

    public async ValueTask<int> ReadOneAsync(IAsyncEnumerable<byte[]> items, CancellationToken cancellationToken)
    {
        await foreach (byte[] item in items)
        {
            return await KeepAsync(item.Length, cancellationToken);
        }

        return 0;
    }

    private static async ValueTask<int> KeepAsync<T>(T value, CancellationToken cancellationToken)
    {
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        GC.KeepAlive(value);
        return 0;
    }
}
