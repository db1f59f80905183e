namespace Fairlead.Patterns.Links;

/// <summary>A caller that waits for the next message of any link of an endpoint. Its result is null after the timeout.</summary>
internal sealed class ReceiveOperation : Operation<MessageCore?>
{
    private static readonly ObjectPool<ReceiveOperation> Pool = new(1024);

    public EndpointCore Endpoint { get; private set; } = null!;

    /// <inheritdoc/>
    public override bool WaitsForMessage => true;

    public static ReceiveOperation Rent(EndpointCore endpoint, bool isBlocking)
    {
        ReceiveOperation operation = Pool.TryRent() ?? new ReceiveOperation();
        operation.Endpoint = endpoint;
        operation.Begin(isBlocking, endpoint.Pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => Endpoint.Receivers.Withdraw(this, error);

    protected override void GiveBack()
    {
        Endpoint = null!;
        Pool.Return(this);
    }
}
