using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The contract of an object that is called back.</summary>
[RpcContract]
public interface IReader
{
    ValueTask ArrivedAsync(int number, Line line, CancellationToken cancellationToken = default);

    [OneWay]
    void Told(string text);

    ValueTask<Grade> JudgeAsync(Node node, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> PagesAsync(CancellationToken cancellationToken = default);

    ValueTask<long> WeighAsync(IAsyncEnumerable<int> pages, CancellationToken cancellationToken = default);
}

/// <summary>The contract with callbacks that these tests call through the tool.</summary>
[RpcContract(Name = "Tests.IPress")]
public interface IPress
{
    ValueTask<int> PrintAsync(int copies, IReader reader, CancellationToken cancellationToken = default);

    ValueTask<bool> IsNullAsync(IReader? reader, CancellationToken cancellationToken = default);

    ValueTask<int> JudgeAsync(IReader reader, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IReader reader, CancellationToken cancellationToken = default);

    ValueTask<long> WeighAsync(IReader reader, CancellationToken cancellationToken = default);

    ValueTask SubscribeAsync(IReader reader, CancellationToken cancellationToken = default);

    ValueTask TellForeverAsync(IReader reader, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> StepsAsync(IReader reader, IAsyncEnumerable<int> steps, CancellationToken cancellationToken = default);

    ValueTask<int> WorkAsync(IProgress<Grade> progress, CancellationToken cancellationToken = default);
}

internal sealed class Press : IPress
{
    public TaskCompletionSource<IReader> Subscriber { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<int> PrintAsync(int copies, IReader reader, CancellationToken cancellationToken)
    {
        for (int i = 1; i <= copies; i++)
        {
            await reader.ArrivedAsync(i, new Line($"page \"{i}\"", i), cancellationToken);
            reader.Told($"told {i}");
        }

        return copies;
    }

    public ValueTask<bool> IsNullAsync(IReader? reader, CancellationToken cancellationToken) => new(reader is null);

    public ValueTask<int> WorkAsync(IProgress<Grade> progress, CancellationToken cancellationToken)
    {
        progress.Report(Grade.Raw);
        progress.Report(Grade.Fine);
        return new ValueTask<int>(2);
    }

    public async ValueTask<int> JudgeAsync(IReader reader, CancellationToken cancellationToken) =>
        (int)await reader.JudgeAsync(new Node { Name = "a" }, cancellationToken);

    public async ValueTask<long> SumAsync(IReader reader, CancellationToken cancellationToken)
    {
        long sum = 0;
        await foreach (int page in reader.PagesAsync(cancellationToken))
        {
            sum += page;
        }

        return sum;
    }

    public ValueTask<long> WeighAsync(IReader reader, CancellationToken cancellationToken) =>
        reader.WeighAsync(Enumerable.Range(1, 3).ToAsyncEnumerable(), cancellationToken);

    public ValueTask SubscribeAsync(IReader reader, CancellationToken cancellationToken)
    {
        Subscriber.SetResult(reader);
        return default;
    }

    public async ValueTask TellForeverAsync(IReader reader, CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                await reader.ArrivedAsync(i, new Line("", i), cancellationToken);
            }
        }
        finally
        {
            Ended.SetResult();
        }
    }

    public async IAsyncEnumerable<int> StepsAsync(
        IReader reader,
        IAsyncEnumerable<int> steps,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (int step in steps)
        {
            await reader.ArrivedAsync(step, new Line("", step), cancellationToken);
            yield return 2 * step;
        }
    }
}
