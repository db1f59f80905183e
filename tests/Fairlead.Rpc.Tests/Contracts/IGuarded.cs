namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Waits until the test lets it go on.</summary>
[RpcContract]
public interface IGuarded
{
    ValueTask<int> PassAsync(int number, CancellationToken cancellationToken = default);

    [Idempotent]
    ValueTask<int> RepeatAsync(int number, CancellationToken cancellationToken = default);
}

internal sealed class Guarded(Func<int, CancellationToken, ValueTask<int>> pass) : IGuarded
{
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public ValueTask<int> PassAsync(int number, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return pass(number, cancellationToken);
    }

    public ValueTask<int> RepeatAsync(int number, CancellationToken cancellationToken) => PassAsync(number, cancellationToken);
}
