using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Calls that are noted when they begin.</summary>
[RpcContract]
public interface ITurns
{
    /// <summary>Blocks its thread for a moment.</summary>
    int Block(int number);

    ValueTask<int> AwaitAsync(int number, CancellationToken cancellationToken = default);

    ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(int number);

    /// <summary>Runs until the gate of the service opens.</summary>
    ValueTask HoldAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    /// <summary>Blocks until the object of the client has answered.</summary>
    int AskBack(IWatcher watcher);
}

internal class Turns : ITurns
{
    private readonly Lock _lock = new();
    private readonly List<int> _begun = [];
    private int _running;
    private int _most;

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SemaphoreSlim Holding { get; } = new(0);

    /// <summary>The most calls that ran at the same time.</summary>
    public int Most => Volatile.Read(ref _most);

    public int[] Begun
    {
        get
        {
            lock (_lock)
            {
                return [.. _begun];
            }
        }
    }

    public int Block(int number)
    {
        using Running running = Begin(number);
        Thread.SpinWait(1000);
        return number;
    }

    public async ValueTask<int> AwaitAsync(int number, CancellationToken cancellationToken)
    {
        using Running running = Begin(number);
        await Task.Yield();
        await Task.Yield();
        return number;
    }

    public ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken)
    {
        using Running running = Begin(data.Length);
        return new ValueTask<int>(data.Length);
    }

    public void Note(int number)
    {
        using Running running = Begin(number);
    }

    public async ValueTask HoldAsync(CancellationToken cancellationToken)
    {
        using Running running = Begin(-1);
        Holding.Release();
        await Gate.Task.WaitAsync(cancellationToken);
    }

    public async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using Running running = Begin(-2);
        for (int i = 1; i <= count; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    public async ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        using Running running = Begin(-3);
        long sum = 0;
        await foreach (int number in numbers.WithCancellation(cancellationToken))
        {
            sum += number;
        }

        return sum;
    }

    public int AskBack(IWatcher watcher)
    {
        using Running running = Begin(-4);
        return watcher.Ask(20);
    }

    private Running Begin(int number)
    {
        lock (_lock)
        {
            _begun.Add(number);
            _most = Math.Max(_most, ++_running);
        }

        return new Running(this);
    }

    private readonly struct Running(Turns turns) : IDisposable
    {
        public void Dispose()
        {
            lock (turns._lock)
            {
                turns._running--;
            }
        }
    }
}

[Serial]
internal sealed class SerialTurns : Turns;

[Ordered]
internal sealed class OrderedTurns : Turns;

/// <summary>A contract whose services are all serial.</summary>
[RpcContract]
[Serial]
public interface ISerialContract
{
    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);
}

/// <summary>Extended by contracts. It is not one itself.</summary>
[Serial]
public interface IOneAtATime
{
    ValueTask<int> LastAsync(int number, CancellationToken cancellationToken = default);
}

public interface IBetween : IOneAtATime;

[RpcContract]
public interface ISerialTurns : ITurns, IBetween;

[Ordered]
public interface IInOrder;

[RpcContract]
public interface IOrderedTurns : ITurns, IInOrder;

internal sealed class DerivedTurns : Turns, ISerialTurns, IOrderedTurns
{
    public ValueTask<int> LastAsync(int number, CancellationToken cancellationToken) => AwaitAsync(number, cancellationToken);
}
