namespace Fairlead.Patterns.Links;

/// <summary>A caller that waits for a link to come up. Null after the timeout.</summary>
/// <remarks>The caller is either connecting, or sending through a bound endpoint that has no peer.</remarks>
internal sealed class LinkWaitOperation : Operation<Link?>
{
    private static readonly ObjectPool<LinkWaitOperation> Pool = new(64);

    public EndpointCore Endpoint { get; private set; } = null!;

    public static LinkWaitOperation Rent(EndpointCore endpoint, bool isBlocking)
    {
        LinkWaitOperation operation = Pool.TryRent() ?? new LinkWaitOperation();
        operation.Endpoint = endpoint;
        operation.Begin(isBlocking, endpoint.Pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => Endpoint.Placement.Withdraw(this, error);

    protected override void GiveBack()
    {
        Endpoint = null!;
        Pool.Return(this);
    }
}
