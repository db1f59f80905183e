using Fairlead.Synchronization;

namespace Fairlead.Conformance;

/// <summary>
/// The base class of the contracts of locks: places, processes at them, and a token that ends waits when the watchdog fires. With a Native
/// AOT peer, programs of both kinds meet at each lock: the test itself runs under the JIT compiler, and so does the second of its peers.
/// </summary>
public abstract class LockContract : WatchedTest
{
    private int _started;

    /// <summary>Begins a test.</summary>
    protected LockContract(LockUnderTest under, ITestOutputHelper output)
        : base(output)
    {
        Under = under;
        Token = Track(new Ending()).Token;
    }

    /// <summary>The way locks are placed.</summary>
    protected LockUnderTest Under { get; }

    /// <summary>Cancelled if the test hangs.</summary>
    protected CancellationToken Token { get; }

    /// <summary>Returns the number of processes that a test kills: FAIRLEAD_KILLS, if set.</summary>
    protected static int KillsOr(int usual) => TestSize.Given("FAIRLEAD_KILLS", usual);

    /// <summary>Returns a new place, which is removed with the test.</summary>
    protected string NewPlace(long size)
    {
        string place = Under.NewPlace(size);
        Track(new Place(Under, place));
        return place;
    }

    /// <summary>Starts a process of the test peer, and waits until it says <c>ready</c>.</summary>
    protected async Task<PeerProcess> StartAsync(params string[] arguments)
    {
        PeerProcess peer = Track(PeerProcess.StartNumber(_started++, arguments));
        Assert.Equal("ready", await peer.ReadLineAsync());
        return peer;
    }

    /// <summary>Completes when this many wait.</summary>
    protected async Task UntilWaiting(NamedMutex mutex, int count)
    {
        ArgumentNullException.ThrowIfNull(mutex);
        try
        {
            await Until(() => mutex.Waiters.Count == count, "they wait");
        }
        catch (TimeoutException)
        {
            Output.WriteLine($"{count} should wait for {mutex}, held by {mutex.Holder}; there are: {string.Join(", ", mutex.Waiters)}");
            throw;
        }
    }

    /// <summary>Completes when this many wait.</summary>
    protected Task UntilWaiting(Func<IReadOnlyList<LockHolder>> waiters, int count) => Until(() => waiters().Count == count, "they wait");

    private sealed class Ending : IDisposable
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        // The token is read afterwards: the source is not disposed.
        public void Dispose() => _source.Cancel();
    }

    private sealed class Place(LockUnderTest under, string place) : IDisposable
    {
        public void Dispose() => under.Remove(place);
    }
}
