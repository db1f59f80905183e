using System.Collections.Concurrent;

namespace Fairlead.Rpc.Tests.Contracts;

[RpcContract]
public interface IWatcher
{
    ValueTask<int> AskAsync(int number, CancellationToken cancellationToken = default);

    [OneWay]
    void Tell(string line);

    int Ask(int number);

    IAsyncEnumerable<int> CountAsync(int upTo, CancellationToken cancellationToken = default);
}

[RpcContract]
public interface ICallbacks
{
    ValueTask<int> AskBackAsync(IWatcher watcher, int times, CancellationToken cancellationToken = default);

    int AskBack(IWatcher watcher);

    ValueTask<bool> IsNullAsync(IWatcher? watcher, CancellationToken cancellationToken = default);

    void TellBack(IWatcher watcher, int lines);

    ValueTask<long> SumBackAsync(IWatcher watcher, int upTo, CancellationToken cancellationToken = default);

    void Keep(IWatcher watcher);

    ValueTask<int> AskKeptAsync(int number, CancellationToken cancellationToken = default);
}

internal sealed class Callbacks : ICallbacks
{
    public IWatcher? Kept { get; private set; }

    public async ValueTask<int> AskBackAsync(IWatcher watcher, int times, CancellationToken cancellationToken)
    {
        int sum = 0;
        for (int i = 0; i < times; i++)
        {
            sum += await watcher.AskAsync(i, cancellationToken);
        }

        return sum;
    }

    public int AskBack(IWatcher watcher) => watcher.Ask(20);

    public ValueTask<bool> IsNullAsync(IWatcher? watcher, CancellationToken cancellationToken) => new(watcher is null);

    public void TellBack(IWatcher watcher, int lines)
    {
        for (int i = 0; i < lines; i++)
        {
            watcher.Tell($"{i}");
        }
    }

    public async ValueTask<long> SumBackAsync(IWatcher watcher, int upTo, CancellationToken cancellationToken)
    {
        long sum = 0;
        await foreach (int i in watcher.CountAsync(upTo, cancellationToken))
        {
            sum += i;
        }

        return sum;
    }

    public void Keep(IWatcher watcher) => Kept = watcher;

    public ValueTask<int> AskKeptAsync(int number, CancellationToken cancellationToken) => Kept!.AskAsync(number, cancellationToken);
}

internal sealed class Watcher : IWatcher
{
    public ConcurrentQueue<string> Told { get; } = [];

    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<int> AskAsync(int number, CancellationToken cancellationToken)
    {
        if (number == -1)
        {
            throw new RpcException(3, "not negative");
        }

        if (number < -2)
        {
            throw new RpcException(3, new string('x', -number));
        }

        if (number == -2)
        {
            Asked.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Cancelled.SetResult();
        }

        return 2 * number;
    }

    public void Tell(string line) => Told.Enqueue(line);

    public int Ask(int number) => number + 1;

    public IAsyncEnumerable<int> CountAsync(int upTo, CancellationToken cancellationToken) => Enumerable.Range(1, upTo).ToAsyncEnumerable();
}
