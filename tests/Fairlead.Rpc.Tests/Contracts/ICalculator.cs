namespace Fairlead.Rpc.Tests.Contracts;

[RpcContract]
public interface ICalculator
{
    int Add(int a, int b);

    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);

    Task<double> DivideAsync(double a, double b, CancellationToken cancellationToken = default);

    [Idempotent]
    ValueTask<long> SumAsync(IReadOnlyList<long> numbers, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(string line);

    ValueTask WaitAsync(CancellationToken cancellationToken = default);

    void Fail(int code, string text);

    [Idempotent]
    ValueTask<int> WaitOnceAsync(CancellationToken cancellationToken = default);
}

internal sealed class Calculator : ICalculator
{
    public const int AskForThrowingMessage = -1001;
    public const int AskForNullMessage = -1002;

    public TaskCompletionSource<string> Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Add(int a, int b) => a + b;

    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => new(a + b);

    public async Task<double> DivideAsync(double a, double b, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return b == 0 ? throw new DivideByZeroException("b is 0") : a / b;
    }

    public ValueTask<long> SumAsync(IReadOnlyList<long> numbers, CancellationToken cancellationToken) => new(numbers.Sum());

    public void Note(string line) => Noted.TrySetResult(line);

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Waiting.TrySetResult();
        try
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancelled.TrySetResult();
            throw;
        }
    }

    public void Fail(int code, string text) => throw code switch
    {
        AskForThrowingMessage => new MessageException(null),
        AskForNullMessage => new MessageException(() => null!),
        _ => new RpcException(code, text, "more"),
    };

    public TaskCompletionSource WaitingOnce { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _times;

    public async ValueTask<int> WaitOnceAsync(CancellationToken cancellationToken)
    {
        int times = Interlocked.Increment(ref _times);
        WaitingOnce.TrySetResult();
        if (times == 1)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        return times;
    }
}

/// <summary>An exception whose text is null, or cannot be had.</summary>
internal sealed class MessageException(Func<string>? message) : Exception
{
    public override string Message => (message ?? throw new NotSupportedException("no text"))();
}
