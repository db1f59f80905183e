namespace Fairlead.Patterns.Links;

/// <summary>
/// A caller that waits until what lies in a link's memory is with the kernel. True when it is; false when the time has passed.
/// </summary>
internal sealed class FlushOperation : Operation<bool>
{
    private static readonly ObjectPool<FlushOperation> Pool = new(64);

    public Link Link { get; private set; } = null!;

    /// <summary>Bytes before it that the kernel has not taken. Under the link's send lock.</summary>
    public long Rest { get; set; }

    public static FlushOperation Rent(EndpointCore endpoint, Link link, bool isBlocking)
    {
        FlushOperation operation = Pool.TryRent() ?? new FlushOperation();
        operation.Link = link;
        operation.Begin(isBlocking, endpoint);
        return operation;
    }

    public override void Withdraw(Exception? error) => Link.Output.Withdraw(this, error);

    protected override void GiveBack()
    {
        Link = null!;
        Pool.Return(this);
    }
}
