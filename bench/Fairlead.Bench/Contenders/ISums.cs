using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>The contract of the remote procedure calls that are measured.</summary>
[RpcContract]
internal interface ISums
{
    /// <summary>Blocks until the sum has arrived.</summary>
    int Add(int a, int b);

    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);

    /// <summary>Returns items with consecutive numbers.</summary>
    IAsyncEnumerable<Item> ListAsync(int count, CancellationToken cancellationToken = default);
}

/// <summary>An item of a stream: 16 bytes, over a raw socket as with Fairlead.</summary>
internal readonly record struct Item(long Number, double Value)
{
    public const int Size = sizeof(long) + sizeof(double);

    /// <summary>The item of that number.</summary>
    public static Item Of(long number) => new(number, number / 2.0);
}

/// <summary>The service.</summary>
internal sealed class Sums : ISums
{
    public int Add(int a, int b) => a + b;

    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => new(a + b);

    // Every item is ready, so nothing is awaited.
#pragma warning disable CS1998
    public async IAsyncEnumerable<Item> ListAsync(
        int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
#pragma warning restore CS1998
    {
        for (int i = 0; i < count; i++)
        {
            yield return Item.Of(i);
        }
    }
}
