using System.Collections;
using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>A value that can throw while it is written, and while it is read.</summary>
public sealed class Grenade
{
    private readonly int _value;

    public int Value
    {
        get => _value switch
        {
            Failing.WhenWritten => throw new InvalidOperationException("thrown by the getter"),
            Failing.WhenRead => Failing.Refused,
            _ => _value,
        };
        init => _value = value == Failing.Refused ? throw new InvalidOperationException("thrown by the setter") : value;
    }
}

[RpcContract]
public interface IFailing
{
    int Add(int a, int b);

    void Fail();

    ValueTask ThrowBeforeAwaitAsync(CancellationToken cancellationToken = default);

    ValueTask ThrowAfterAwaitAsync(CancellationToken cancellationToken = default);

    [OneWay]
    void ThrowUnseen();

    IAsyncEnumerable<int> ItemsAsync(Place place, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> items, CancellationToken cancellationToken = default);

    Grenade Echo(Grenade grenade);

    Grenade Make(int value);

    ValueTask<int> CountAsync(IReadOnlyCollection<int> numbers, CancellationToken cancellationToken = default);

    void TellBack(IWatcher watcher);

    ValueTask<int> AskBackAsync(IWatcher watcher, int number, CancellationToken cancellationToken = default);
}

/// <summary>Where an enumerator throws.</summary>
public enum Place
{
    Nowhere,
    GetEnumerator,
    FirstMoveNext,
    LaterMoveNext,
    Dispose,
}

internal sealed class Failing : IFailing
{
    public const int WhenWritten = -1;
    public const int WhenRead = -2;
    public const int Refused = -3;

    public int Add(int a, int b) => a + b;

    public void Fail() => throw new InvalidOperationException("thrown");

    public ValueTask ThrowBeforeAwaitAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("thrown");

    public async ValueTask ThrowAfterAwaitAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        throw new InvalidOperationException("thrown");
    }

    public void ThrowUnseen() => throw new InvalidOperationException("thrown");

    public IAsyncEnumerable<int> ItemsAsync(Place place, CancellationToken cancellationToken) => new Items(place);

    public async ValueTask<long> SumAsync(IAsyncEnumerable<int> items, CancellationToken cancellationToken)
    {
        long sum = 0;
        await foreach (int item in items)
        {
            sum += item;
        }

        return sum;
    }

    public Grenade Echo(Grenade grenade) => grenade;

    public Grenade Make(int value) => new() { Value = value };

    public ValueTask<int> CountAsync(IReadOnlyCollection<int> numbers, CancellationToken cancellationToken) => new(numbers.Count);

    public void TellBack(IWatcher watcher) => watcher.Tell("told");

    public ValueTask<int> AskBackAsync(IWatcher watcher, int number, CancellationToken cancellationToken) =>
        watcher.AskAsync(number, cancellationToken);
}

/// <summary>Two items, or an exception.</summary>
internal sealed class Items(Place place) : IAsyncEnumerable<int>, IAsyncEnumerator<int>
{
    public int Current { get; private set; }

    public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken) =>
        place == Place.GetEnumerator ? throw new InvalidOperationException("thrown") : this;

    public ValueTask<bool> MoveNextAsync() =>
        (place == Place.FirstMoveNext && Current == 0) || (place == Place.LaterMoveNext && Current == 1)
        ? throw new InvalidOperationException("thrown")
        : new ValueTask<bool>(++Current <= 2);

    public ValueTask DisposeAsync() => place == Place.Dispose ? throw new InvalidOperationException("thrown") : default;
}

/// <summary>A collection that cannot be enumerated.</summary>
internal sealed class BadCollection : IReadOnlyCollection<int>
{
    public int Count => 3;

    public IEnumerator<int> GetEnumerator()
    {
        yield return 1;
        throw new InvalidOperationException("thrown");
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>An object of a client whose members throw.</summary>
internal sealed class BadWatcher : IWatcher
{
    public async ValueTask<int> AskAsync(int number, CancellationToken cancellationToken)
    {
        if (number == 0)
        {
            throw new InvalidOperationException("thrown before");
        }

        await Task.Yield();
        return number < 0 ? throw new InvalidOperationException("thrown after") : number;
    }

    public void Tell(string line) => throw new InvalidOperationException("thrown");

    public int Ask(int number) => throw new InvalidOperationException("thrown");

    public async IAsyncEnumerable<int> CountAsync(int upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        yield return 1;
        throw new InvalidOperationException("thrown");
    }
}
