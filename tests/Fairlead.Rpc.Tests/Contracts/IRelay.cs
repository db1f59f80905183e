namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Reports the options of its calls, and makes such calls itself.</summary>
[RpcContract]
public interface IRelay
{
    string Seen(string name);

    ValueTask<string> SeenAsync(string name, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(string name);

    IAsyncEnumerable<string> SeenItemsAsync(string name, CancellationToken cancellationToken = default);

    ValueTask<string> SeenWithItemsAsync(string name, IAsyncEnumerable<int> items, CancellationToken cancellationToken = default);

    /// <summary>Returns the time that the call has, in ticks; -1 without limit.</summary>
    ValueTask<long> LimitAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns when it is released.</summary>
    ValueTask WaitAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> WaitItemsAsync(CancellationToken cancellationToken = default);

    /// <summary>Calls the next relay, with the options that the test has chosen.</summary>
    ValueTask<string> ForwardAsync(string name, CancellationToken cancellationToken = default);

    ValueTask<long> ForwardLimitAsync(CancellationToken cancellationToken = default);

    /// <summary>Calls the next relay after the end of this call.</summary>
    ValueTask ForwardLaterAsync(CancellationToken cancellationToken = default);

    ValueTask CallBackAsync(IRelayWatcher watcher, CancellationToken cancellationToken = default);
}

/// <summary>An object of a client.</summary>
[RpcContract]
public interface IRelayWatcher
{
    ValueTask<string> AskAsync(CancellationToken cancellationToken = default);
}

internal sealed class Relay : IRelay
{
    public IRelay? Next { get; init; }

    public RpcCallOptions? Options { get; set; }

    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<string> Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<long> Later { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<FairleadException> CalledBack { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Calls { get; private set; }

    public string Seen(string name)
    {
        Calls++;
        return RpcContext.Current!.Metadata.GetValueOrDefault(name, "nothing");
    }

    public ValueTask<string> SeenAsync(string name, CancellationToken cancellationToken) => new(Seen(name));

    public void Note(string name) => Noted.TrySetResult(Seen(name));

    public IAsyncEnumerable<string> SeenItemsAsync(string name, CancellationToken cancellationToken)
    {
        string seen = Seen(name);
        return Items([seen, seen]);
    }

    public async ValueTask<string> SeenWithItemsAsync(string name, IAsyncEnumerable<int> items, CancellationToken cancellationToken)
    {
        int sum = 0;
        await foreach (int item in items.WithCancellation(cancellationToken))
        {
            sum += item;
        }

        return $"{Seen(name)} {sum}";
    }

    public ValueTask<long> LimitAsync(CancellationToken cancellationToken)
    {
        RpcContext call = RpcContext.Current!;
        Assert.True(call.TimeLeft is null == call.Timeout is null && (call.TimeLeft ?? default) <= (call.Timeout ?? default));
        return new(call.Timeout?.Ticks ?? -1);
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Waiting.TrySetResult();
        try
        {
            await Release.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancelled.TrySetResult();
            throw;
        }
    }

    public async IAsyncEnumerable<int> WaitItemsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 1;
        await WaitAsync(cancellationToken);
    }

    public async ValueTask<string> ForwardAsync(string name, CancellationToken cancellationToken)
    {
        using IDisposable? use = Options?.Use();
        return await Next!.SeenAsync(name, CancellationToken.None);
    }

    public async ValueTask<long> ForwardLimitAsync(CancellationToken cancellationToken)
    {
        using IDisposable? use = Options?.Use();
        return await Next!.LimitAsync(CancellationToken.None);
    }

    public ValueTask ForwardLaterAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(LaterAsync, CancellationToken.None);
        return default;

        async Task LaterAsync()
        {
            await Release.Task;
            Later.SetResult(await Next!.LimitAsync(CancellationToken.None));
        }
    }

    public async ValueTask CallBackAsync(IRelayWatcher watcher, CancellationToken cancellationToken)
    {
        using IDisposable? use = Options?.Use();
        try
        {
            await watcher.AskAsync(CancellationToken.None);
        }
        catch (FairleadException late)
        {
            CalledBack.TrySetResult(late);
            throw;
        }
    }

    private static async IAsyncEnumerable<T> Items<T>(T[] items)
    {
        foreach (T item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }
}
