using Fairlead.Rpc;

namespace Fairlead.Hosting.Tests;

[RpcContract]
internal interface IShop
{
    ValueTask<string> BuyAsync(string thing, CancellationToken cancellationToken = default);
}

[RpcContract]
internal interface IStock
{
    ValueTask<int> CountAsync(string thing, CancellationToken cancellationToken = default);
}

/// <summary>Notes each thing with the number of its scope, fails for "fail", and waits for the gate at "wait".</summary>
internal sealed class Shop(Seen seen, Seen.Scope scope) : IShop
{
    public async ValueTask<string> BuyAsync(string thing, CancellationToken cancellationToken)
    {
        seen.Add(thing);
        if (thing == "fail")
        {
            throw new InvalidOperationException("a secret");
        }

        if (thing == "wait")
        {
            try
            {
                await seen.Gate.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                seen.Add("cancelled");
                throw;
            }
        }

        return $"{thing} from {scope.Number}";
    }
}

internal sealed class Stock : IStock
{
    public ValueTask<int> CountAsync(string thing, CancellationToken cancellationToken) => ValueTask.FromResult(thing.Length);
}

/// <summary>Needs a service that no test has.</summary>
internal sealed class NeedyStock(NeedyHandler.Missing missing) : IStock
{
    public ValueTask<int> CountAsync(string thing, CancellationToken cancellationToken) =>
        ValueTask.FromResult(missing.GetHashCode());
}

/// <summary>A service that calls another one: the second of three processes.</summary>
internal sealed class Broker(HostedRpcClient<IStock> stock) : IShop
{
    public async ValueTask<string> BuyAsync(string thing, CancellationToken cancellationToken)
    {
        IStock service = await stock.GetAsync(cancellationToken);
        return $"{await service.CountAsync(thing, cancellationToken)} {thing}";
    }
}
