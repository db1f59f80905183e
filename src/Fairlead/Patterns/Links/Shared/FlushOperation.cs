using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>A caller that waits until the kernel has a link's buffered output. True when it has; false after the timeout.</summary>
/// <remarks>On a link whose messages are confirmed, it waits until the peer has acknowledged them.</remarks>
internal sealed class FlushOperation : Operation<bool>
{
    private static readonly ObjectPool<FlushOperation> Pool = new(64);

    public PeerLink PeerLink { get; private set; } = null!;

    /// <summary>The bytes before it that the kernel has not taken. Under the link's send lock.</summary>
    public long Rest { get; set; }

    /// <summary>The number of the last message whose acknowledgement it waits for. Under the link's send lock.</summary>
    public uint Number { get; set; }

    public static FlushOperation Rent(EndpointContext endpoint, PeerLink link, bool isBlocking)
    {
        FlushOperation operation = Pool.TryRent() ?? new FlushOperation();
        operation.PeerLink = link;
        operation.Begin(isBlocking, endpoint.Pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => PeerLink.Withdraw(this, error);

    protected override void ReturnToPool()
    {
        PeerLink = null!;
        Pool.Return(this);
    }
}
