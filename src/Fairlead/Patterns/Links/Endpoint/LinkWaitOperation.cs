using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>A caller that waits for a link to come up. Null after the timeout.</summary>
/// <remarks>The caller is either connecting, or sending through a bound endpoint that has no peer.</remarks>
internal sealed class LinkWaitOperation : Operation<Link?>
{
    private static readonly ObjectPool<LinkWaitOperation> Pool = new(64);

    private Placement _placement = null!;

    public static LinkWaitOperation Rent(Placement placement, Pump pump, bool isBlocking)
    {
        LinkWaitOperation operation = Pool.TryRent() ?? new LinkWaitOperation();
        operation._placement = placement;
        operation.Begin(isBlocking, pump);
        return operation;
    }

    public override void Withdraw(Exception? error) => _placement.Withdraw(this, error);

    protected override void ReturnToPool()
    {
        _placement = null!;
        Pool.Return(this);
    }
}
