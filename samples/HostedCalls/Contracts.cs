using Fairlead.Rpc;

namespace HostedCalls;

[RpcContract]
internal interface IShop
{
    ValueTask<string> BuyAsync(string thing, CancellationToken cancellationToken = default);
}

[RpcContract]
internal interface IStock
{
    ValueTask<bool> TakeAsync(string thing, CancellationToken cancellationToken = default);
}
