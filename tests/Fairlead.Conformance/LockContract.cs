using System.Globalization;
using Fairlead.Synchronization;

namespace Fairlead.Conformance;

/// <summary>
/// What the contracts of locks share: places, processes at them, and a token that ends what waits when the watchdog does. Where there is a
/// peer of Native AOT, programs of both kinds meet at each lock: the test itself runs under the JIT compiler, and so does the second of its
/// peers.
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

    /// <summary>Where locks are placed.</summary>
    protected LockUnderTest Under { get; }

    /// <summary>Cancelled where the test hangs.</summary>
    protected CancellationToken Token { get; }

    /// <summary>How many processes a test kills: FAIRLEAD_KILLS, where it is set.</summary>
    protected static int KillsOr(int usual) =>
        int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_KILLS") ?? $"{usual}", CultureInfo.InvariantCulture);

    /// <summary>A new place, which goes with the test.</summary>
    protected string NewPlace(long size)
    {
        string place = Under.NewPlace(size);
        Track(new Place(Under, place));
        return place;
    }

    /// <summary>A process of the test peer that says <c>ready</c>.</summary>
    protected async Task<PeerProcess> StartAsync(params string[] arguments)
    {
        PeerProcess peer = Track(PeerProcess.StartNumber(_started++, arguments));
        Assert.Equal("ready", await peer.ReadLineAsync());
        return peer;
    }

    /// <summary>Until so many wait.</summary>
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

    /// <summary>Until so many wait.</summary>
    protected Task UntilWaiting(Func<IReadOnlyList<LockHolder>> waiters, int count) => Until(() => waiters().Count == count, "they wait");

    private sealed class Ending : IDisposable
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        // The token is looked at afterwards: the source is not disposed.
        public void Dispose() => _source.Cancel();
    }

    private sealed class Place(LockUnderTest under, string place) : IDisposable
    {
        public void Dispose() => under.Remove(place);
    }
}
