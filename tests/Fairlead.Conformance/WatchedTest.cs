using System.Globalization;

namespace Fairlead.Conformance;

/// <summary>
/// A test that may hang: its resources are disposed at the end, or by a watchdog, which prints their state. It also provides random numbers
/// with a printed seed.
/// </summary>
public abstract class WatchedTest : IAsyncLifetime
{
    /// <summary>How much later than its limit a bounded call may end on a busy machine.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<object> _tracked = [];
    private volatile bool _hung;

    /// <summary>Begins a test.</summary>
    protected WatchedTest(ITestOutputHelper output) => Output = output;

    /// <summary>The output that is printed with the test's result.</summary>
    protected ITestOutputHelper Output { get; }

    /// <inheritdoc/>
    public virtual ValueTask InitializeAsync()
    {
        Watchdog.Watch(this);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (object tracked in Tracked())
        {
            switch (tracked)
            {
                case MessagingEndpoint endpoint:
                    endpoint.Dispose();
                    break;
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }

        Watchdog.Leave(this);
        GC.SuppressFinalize(this);
        Assert.False(_hung, "The test hung, and was ended by the watchdog.");
    }

    /// <summary>Registers an object, which is disposed when the test ends, in reverse order, or by the watchdog.</summary>
    protected T Track<T>(T disposable)
        where T : class
    {
        lock (_gate)
        {
            _tracked.Add(disposable);
        }

        return disposable;
    }

    /// <summary>Returns random numbers; the test's output contains the seed.</summary>
    protected Random NewRandom()
    {
        int seed = Environment.GetEnvironmentVariable("FAIRLEAD_TEST_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        Output.WriteLine($"seed {seed} (repeat it with FAIRLEAD_TEST_SEED={seed})");
        return new Random(seed);
    }

    /// <summary>Skips the test if this is so on this machine; the result contains the reason.</summary>
    protected static void Skip(bool isSo, string reason) => Assert.SkipWhen(isSo, reason);

    /// <summary>Runs a blocking body on a separate thread.</summary>
    protected static Task OnThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Runs a blocking body on a separate thread.</summary>
    protected static Task<T> OnThread<T>(Func<T> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for a state that no event reports, until the watchdog ends the test.</summary>
    protected Task Until(Func<bool> condition, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return Polling.Until(() => condition() || (_hung ? throw new TimeoutException($"This never became true: {what}") : false));
    }

    /// <summary>
    /// Returns doubling times, from short to long enough for any machine: for tests in which something must happen within a time that must
    /// pass.
    /// </summary>
    protected static IEnumerable<TimeSpan> LongerAndLonger()
    {
        for (TimeSpan time = TimeSpan.FromMilliseconds(100); ; time *= 2)
        {
            yield return time;
        }
    }

    /// <summary>Returns the result of a call that a limit bounds; fails if the call takes 30 s longer than its limit.</summary>
    protected static async Task<T> EndsAtAsync<T>(TimeSpan limit, Task<T> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        await Task.WhenAny(call, Task.Delay(limit + Grace, TimeProvider.System));
        Assert.True(call.IsCompleted, $"The call took longer than its limit of {limit}, and than {Grace} more.");
        return await call;
    }

    /// <summary>Returns the error that a task ends with; a task that succeeds fails the test.</summary>
    protected static async Task<FairleadException> FailsAsync(ErrorCode code, Func<Task> action)
    {
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(action);
        Assert.True(code == error.Code, $"{code} was expected, and {error.Code} came: {error.Message}");
        return error;
    }

    /// <summary>Returns the error that an action throws.</summary>
    protected static FairleadException Fails(ErrorCode code, Action action)
    {
        FairleadException error = Assert.Throws<FairleadException>(action);
        Assert.True(code == error.Code, $"{code} was expected, and {error.Code} came: {error.Message}");
        return error;
    }

    /// <summary>Called by the watchdog.</summary>
    internal void EndHang()
    {
        object[] all = Tracked();
        string text =
            $"The watchdog ends {GetType()} after {Watchdog.Patience.TotalSeconds} s. "
                + $"State:\n{string.Join('\n', all.Select(StateDump.Of))}";
        try
        {
            Output.WriteLine(text);
        }
        catch (InvalidOperationException)
        {
            // The test body is over, and its cleanup hangs: its output is closed.
            Console.Error.WriteLine(text);
        }

        // Printed before the flag is set: a reader of the flag may end the test at once.
        _hung = true;
        foreach (object tracked in all)
        {
            (tracked as IDisposable)?.Dispose();
        }
    }

    private object[] Tracked()
    {
        lock (_gate)
        {
            object[] all = [.. Enumerable.Reverse(_tracked)];
            _tracked.Clear();
            return all;
        }
    }
}
