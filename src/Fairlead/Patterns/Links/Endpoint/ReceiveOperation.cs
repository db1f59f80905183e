using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>A caller that waits for the next message of any link of an endpoint. Its result is null after the timeout.</summary>
internal sealed class ReceiveOperation : Operation<MessageCore?>
{
    private static readonly ObjectPool<ReceiveOperation> Pool = new(1024);

    private IReceiveQueue _queue = null!;

    /// <inheritdoc/>
    public override bool WaitsForMessage => true;

    public static ReceiveOperation Rent(IReceiveQueue queue, bool isBlocking)
    {
        ReceiveOperation operation = Pool.TryRent() ?? new ReceiveOperation();
        operation._queue = queue;
        operation.Begin(isBlocking, queue.Pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => _queue.Withdraw(this, error);

    protected override void GiveBack()
    {
        _queue = null!;
        Pool.Return(this);
    }
}

/// <summary>The queue in which a <see cref="ReceiveOperation"/> waits.</summary>
internal interface IReceiveQueue
{
    /// <summary>The pump that serves it.</summary>
    Pump Pump { get; }

    /// <summary>Ends the wait of a caller. Called by that caller, on any thread.</summary>
    /// <param name="operation">The caller's operation.</param>
    /// <param name="error">The error to fail with; null means that the time has passed.</param>
    void Withdraw(ReceiveOperation operation, Exception? error);
}
