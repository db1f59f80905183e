using Fairlead.Hosting;
using Fairlead.Rpc;

namespace HostedCalls;

/// <summary>Sells what is in stock. The container makes one for each call.</summary>
internal sealed class Shop(HostedRpcClient<IStock> stock) : IShop
{
    private const int NoneLeft = 1;

    public async ValueTask<string> BuyAsync(string thing, CancellationToken cancellationToken)
    {
        // The first call connects, and the first one after the stock was restarted.
        IStock service = await stock.GetAsync(cancellationToken);
        return await service.TakeAsync(thing, cancellationToken)
            ? $"here are your {thing}"
            : throw new RpcException(NoneLeft, $"there are no {thing}");
    }
}

/// <summary>Has pears and plums, without end.</summary>
internal sealed class Stock : IStock
{
    public ValueTask<bool> TakeAsync(string thing, CancellationToken cancellationToken) =>
        ValueTask.FromResult(thing is "pears" or "plums");
}
