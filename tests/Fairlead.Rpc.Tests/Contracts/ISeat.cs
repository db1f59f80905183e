using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Calls that show which object executes them.</summary>
[RpcContract]
public interface ISeat
{
    /// <summary>Returns how many calls the object has executed.</summary>
    ValueTask<int> CountAsync(CancellationToken cancellationToken = default);

    /// <summary>Runs until the gate of the seats opens, whatever its caller does.</summary>
    ValueTask HoldAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> StreamAsync(int items, CancellationToken cancellationToken = default);

    [OneWay]
    void Note();
}

/// <summary>The objects of a server that a factory has made.</summary>
internal sealed class Seats
{
    private int _made;

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SemaphoreSlim Holding { get; } = new(0);

    /// <summary>Released when the caller of a held call no longer waits.</summary>
    public SemaphoreSlim Leavers { get; } = new(0);

    /// <summary>Released once for each object that was disposed.</summary>
    public SemaphoreSlim Disposals { get; } = new(0);

    public SemaphoreSlim Notes { get; } = new(0);

    public int Made => Volatile.Read(ref _made);

    public Seat Make()
    {
        Interlocked.Increment(ref _made);
        return new Seat(this);
    }
}

internal class Seat(Seats seats) : ISeat, IAsyncDisposable
{
    private int _calls;
    private int _isDisposed;

    public ValueTask<int> CountAsync(CancellationToken cancellationToken) => new(Begin());

    public async ValueTask HoldAsync(CancellationToken cancellationToken)
    {
        Begin();
        await using CancellationTokenRegistration left = cancellationToken.Register(() => seats.Leavers.Release());
        seats.Holding.Release();
        await seats.Gate.Task;
        CheckLife();
    }

    public async IAsyncEnumerable<int> StreamAsync(int items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Begin();
        for (int i = 0; i < items; i++)
        {
            await Task.Yield();
            CheckLife();
            yield return i;
        }
    }

    public void Note()
    {
        Begin();
        seats.Notes.Release();
    }

    public virtual ValueTask DisposeAsync()
    {
        Assert.Equal(0, Interlocked.Exchange(ref _isDisposed, 1));
        seats.Disposals.Release();
        return default;
    }

    private int Begin()
    {
        CheckLife();
        return Interlocked.Increment(ref _calls);
    }

    private void CheckLife() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
}

[Serial]
internal sealed class SerialSeat(Seats seats) : Seat(seats);
