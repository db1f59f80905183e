using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Reports what the context of its calls holds, and takes options as a parameter.</summary>
[RpcContract]
public interface IOptioned
{
    string Seen(RpcCallOptions? options = null);

    ValueTask<string> SeenAsync(string suffix, RpcCallOptions? options = null, CancellationToken cancellationToken = default);

    Task<string> SeenTaskAsync(RpcCallOptions? options = null, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(RpcCallOptions? options = null);

    ValueTask<string> WaitAsync(RpcCallOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Items that are produced before and after awaits.</summary>
    IAsyncEnumerable<string> SeenItemsAsync(int count, RpcCallOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Returns the context at each item that comes, and at the end.</summary>
    IAsyncEnumerable<string> SeenAtItemsAsync(
        IAsyncEnumerable<int> items, RpcCallOptions? options = null, CancellationToken cancellationToken = default);
}

internal sealed class Optioned : IOptioned
{
    public static readonly AsyncLocal<string?> Ambient = new();

    public TaskCompletionSource<string> Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static string Current =>
        $"{RpcContext.Current?.Member.Name} {RpcContext.Current?.Metadata.GetValueOrDefault("tenant")} {Ambient.Value}";

    public string Seen(RpcCallOptions? options) => Text(options);

    public ValueTask<string> SeenAsync(string suffix, RpcCallOptions? options, CancellationToken cancellationToken) =>
        new(Text(options) + suffix);

    public Task<string> SeenTaskAsync(RpcCallOptions? options, CancellationToken cancellationToken) => Task.FromResult(Text(options));

    public void Note(RpcCallOptions? options) => Noted.TrySetResult(Text(options));

    public async ValueTask<string> WaitAsync(RpcCallOptions? options, CancellationToken cancellationToken) =>
        await new TaskCompletionSource<string>().Task.WaitAsync(cancellationToken);

    public async IAsyncEnumerable<string> SeenItemsAsync(
        int count, RpcCallOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            yield return Text(options);
            await Task.Yield();
            yield return Text(options);
        }
    }

    public async IAsyncEnumerable<string> SeenAtItemsAsync(
        IAsyncEnumerable<int> items, RpcCallOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (int item in items.WithCancellation(cancellationToken))
        {
            yield return Text(options);
        }

        yield return Text(options);
    }

    private static string Text(RpcCallOptions? options)
    {
        Assert.Null(options);
        return Current;
    }
}
