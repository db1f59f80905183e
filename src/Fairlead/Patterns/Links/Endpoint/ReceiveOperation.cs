using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>A caller that waits for the next message of any link of an endpoint. Its result is null after the timeout.</summary>
internal sealed class ReceiveOperation : Operation<MessageCore?>
{
    private static readonly ObjectPool<ReceiveOperation> Pool = new(1024);

    private Receivers _receivers = null!;

    /// <inheritdoc/>
    public override bool WaitsForMessage => true;

    public static ReceiveOperation Rent(Receivers receivers, Pump pump, bool isBlocking)
    {
        ReceiveOperation operation = Pool.TryRent() ?? new ReceiveOperation();
        operation._receivers = receivers;
        operation.Begin(isBlocking, pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => _receivers.Withdraw(this, error);

    protected override void ReturnToPool()
    {
        _receivers = null!;
        Pool.Return(this);
    }
}
