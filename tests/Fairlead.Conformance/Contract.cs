using System.Globalization;

namespace Fairlead.Conformance;

/// <summary>
/// What all contracts share: places, endpoints that are disposed in the end, random numbers whose seed is printed, and a watchdog, which ends a test that hangs
/// by disposing its endpoints and processes, and says in what state they were.
/// </summary>
public abstract class Contract : IAsyncLifetime
{
    private readonly Lock _gate = new();
    private readonly List<object> _tracked = [];
    private volatile bool _hung;

    /// <summary>Begins a test on a transport.</summary>
    protected Contract(TransportUnderTest transport, ITestOutputHelper output)
    {
        Transport = transport;
        Output = output;
    }

    /// <summary>The transport that is held to the contract.</summary>
    protected TransportUnderTest Transport { get; }

    /// <summary>What is printed with the test's result.</summary>
    protected ITestOutputHelper Output { get; }

    /// <inheritdoc/>
    public virtual Task InitializeAsync()
    {
        Watchdog.Watch(this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        foreach (object tracked in Tracked())
        {
            switch (tracked)
            {
                case Endpoint endpoint:
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
        Assert.False(_hung, "The test hung, and was ended by the watchdog.");
    }

    /// <summary>Disposed when the test ends, in the reverse order, or by the watchdog.</summary>
    protected T Track<T>(T disposable)
        where T : class
    {
        lock (_gate)
        {
            _tracked.Add(disposable);
        }

        return disposable;
    }

    /// <summary>A new place on the transport with options: <c>messages=10&amp;capacity=4096</c>.</summary>
    protected Address NewPlace(string options = "") => With(Transport.NewPlace(), options);

    /// <summary>The address with options added.</summary>
    protected static Address With(Address address, string options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (string option in options.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            address = address.With(option[..equals], option[(equals + 1)..]);
        }

        return address;
    }

    /// <summary>A connected sender and a receiver, of which either is bound. The options are the receiver's.</summary>
    protected async Task<(Sender Sender, Receiver Receiver)> OpenAsync(bool senderBinds = false, string options = "")
    {
        if (senderBinds)
        {
            Sender bound = Track(await Sender.BindAsync(NewPlace()));
            return (bound, Track(await Receiver.ConnectAsync(With(bound.Address, options))));
        }

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace(options)));
        return (Track(await Sender.ConnectAsync(Bare(receiver.Address))), receiver);
    }

    /// <summary>The address without its options: what another end connects to.</summary>
    protected static Address Bare(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        string text = address.ToString();
        int question = text.IndexOf('?', StringComparison.Ordinal);
        return Address.Parse(question < 0 ? text : text[..question]);
    }

    /// <summary>Random numbers whose seed stands in the test's output.</summary>
    protected Random NewRandom()
    {
        int seed = Environment.GetEnvironmentVariable("FAIRLEAD_TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        Output.WriteLine($"seed {seed} (repeat it with FAIRLEAD_TEST_SEED={seed})");
        return new Random(seed);
    }

    /// <summary>Runs a body that blocks, on a thread of its own.</summary>
    protected static Task OnThread(Action body) => Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Runs a body that blocks, on a thread of its own.</summary>
    protected static Task<T> OnThread<T>(Func<T> body) => Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for a state that no event tells of, looking again and again. For ever: the watchdog ends it.</summary>
    protected async Task Until(Func<bool> condition, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (!condition())
        {
            if (_hung)
            {
                throw new TimeoutException($"This never became true: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    /// <summary>Moves the clock until the task is done: what an endpoint does in the background it does by the clock.</summary>
    protected async Task<T> MovingAsync<T>(ManualClock clock, Task<T> task)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(task);
        await Until(
            () =>
            {
                clock.Advance(20.Milliseconds());
                return task.IsCompleted;
            },
            "it is done");
        return await task;
    }

    /// <summary>Times that double, from short to long enough for any machine: for what must happen within a time that must pass.</summary>
    protected static IEnumerable<TimeSpan> LongerAndLonger()
    {
        for (TimeSpan time = TimeSpan.FromMilliseconds(100); ; time *= 2)
        {
            yield return time;
        }
    }

    /// <summary>The error that a task ends with; a task that does not fail fails the test.</summary>
    protected static async Task<FairleadException> FailsAsync(ErrorCode code, Func<Task> action)
    {
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(action);
        Assert.True(code == error.Code, $"{code} was expected, and {error.Code} came: {error.Message}");
        return error;
    }

    /// <summary>The error that an action throws.</summary>
    protected static FairleadException Fails(ErrorCode code, Action action)
    {
        FairleadException error = Assert.Throws<FairleadException>(action);
        Assert.True(code == error.Code, $"{code} was expected, and {error.Code} came: {error.Message}");
        return error;
    }

    /// <summary>By the watchdog.</summary>
    internal void EndHang()
    {
        _hung = true;
        object[] all = Tracked();
        string state = string.Join('\n', all.Select(StateDump.Of));
        Output.WriteLine($"The watchdog ends the test after {Watchdog.Patience.TotalSeconds} s. State:\n{state}");
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
