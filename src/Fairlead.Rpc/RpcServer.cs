using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Instances;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <summary>Serves contracts: it takes calls, and lets their skeletons execute them.</summary>
/// <remarks>
/// Owns its endpoints and the run of each, and the objects that factories make for calls. A service that it was given remains the caller's.
/// Calls run on threads of the pool or on the thread that read the call, several at the same time unless they have an order.
/// </remarks>
public sealed class RpcServer : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1);

    private readonly RpcServerOptions _options;
    private readonly CallDispatcher _dispatcher;
    private readonly CallTurns? _turns;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Responder> _responders;
    private readonly Task _runs;
    private Registration? _registration;
    private int _isEnded;

    private RpcServer(
        List<Responder> responders, IReadOnlyList<Offer> offers, RpcServerOptions options, RpcConcurrency concurrency)
    {
        (_responders, _options) = (responders, options);
        Descriptions = [.. offers.Select(static offer => offer.Contract)];
        InstanceOwner owner = new(responders, concurrency);
        _dispatcher = new CallDispatcher(
            new ServedContracts([.. offers.Select(offer => offer.Serve(owner))]),
            options,
            (client, why) => responders.Exists(responder => responder.Disconnect(client, why)));
        responders.ForEach(responder => responder.PeerLeft += (_, left) => _dispatcher.Leave(left.Peer));
        _turns = concurrency == RpcConcurrency.Concurrent ? null : new CallTurns(concurrency == RpcConcurrency.Serial);
        Addresses = [.. responders.Select(static responder => responder.Address)];
        _runs = DetachedTask.Start(RunAsync);
    }

    /// <summary>Reports each exception of the service. On the thread of the call: return soon.</summary>
    public event EventHandler<HandlerFailure>? HandlerFailed
    {
        add => _responders.ForEach(responder => responder.HandlerFailed += value);
        remove => _responders.ForEach(responder => responder.HandlerFailed -= value);
    }

    /// <summary>Its addresses; several for a service by name.</summary>
    public IReadOnlyList<Address> Addresses { get; }

    /// <summary>Its contract; the first one if it offers several.</summary>
    public RpcDescription Description => Descriptions[0];

    /// <summary>All contracts that it offers.</summary>
    public IReadOnlyList<RpcDescription> Descriptions { get; }

    /// <summary>Completes when it has ended, after the last call.</summary>
    public Task Completion => _runs;

    /// <summary>How many calls wait until they may run.</summary>
    internal int Waiting => _dispatcher.Waiting;

    /// <summary>How many bytes of frames it keeps for its clients.</summary>
    internal long HeldBytes => _dispatcher.HeldBytes;

    internal static async ValueTask<RpcServer> StartAsync(
        IReadOnlyList<Address> addresses, string? label, IReadOnlyList<Offer> offers, RpcServerOptions options, string? name = null)
    {
        EndpointOptions endpoint = label is null ? options.Endpoint : options.Endpoint with { Label = label };
        List<Responder> responders = [];
        try
        {
            foreach (Address address in addresses)
            {
                responders.Add(await Responder.BindAsync(address, endpoint).ConfigureAwait(false));
            }

            // Of several contracts, the strictest: no call overtakes another that must run alone.
            RpcConcurrency concurrency = offers.Max(offer => offer.Concurrency(options));
            RpcServer server = new(responders, offers, options, concurrency);
            if (options.Matchmaker is { } matchmaker && name is not null)
            {
                await server.RegisterAsync(matchmaker, name).ConfigureAwait(false);
            }

            return server;
        }
        catch
        {
            foreach (Responder responder in responders)
            {
                await responder.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>
    /// Takes no further calls, waits for the calls that it has accepted, at most for <see cref="RpcServerOptions.ShutdownTimeout"/>, and
    /// closes. Callers of calls that still run then get <see cref="ErrorCode.PeerGone"/>, and the tokens of these calls are cancelled.
    /// Unless calls still run, <see cref="HandlerFailed"/> has been raised for each failure when this completes: do not wait for it in a
    /// handler of that event.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            if (_registration is { } registration)
            {
                // No further clients.
                await registration.DisposeAsync().ConfigureAwait(false);
            }

            // The items of open streams are received until their calls have ended.
            Task ended = _dispatcher.EndAsync();
            await ended
                .WaitAsync(LongestWait.Within(_options.ShutdownTimeout), _options.Endpoint.TimeProvider)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!ended.IsCompleted)
            {
                // Those that still wait are certainly not executed, and their callers learn it.
                await _dispatcher.DismissAsync().ConfigureAwait(false);
                await Task.WhenAll(_responders.Select(FlushAsync)).ConfigureAwait(false);
            }

            await _ending.CancelAsync().ConfigureAwait(false);

            // Draining would wait for the calls that have not ended.
            TimeSpan? drain = ended.IsCompleted ? null : TimeSpan.Zero;
            foreach (Responder responder in _responders)
            {
                await responder.CloseAsync(drain).ConfigureAwait(false);
                await responder.DisposeAsync().ConfigureAwait(false);
            }

            // Objects of calls that do not end are released with their calls. The runs end when each failure has been reported.
            await Task
                .WhenAll(_dispatcher.ReleaseAsync(), ended.IsCompleted ? _runs : Task.CompletedTask)
                .WaitAsync(LongestWait.Within(_options.ShutdownTimeout), _options.Endpoint.TimeProvider)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The blocking form of <see cref="DisposeAsync"/>.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static async Task FlushAsync(Responder responder)
    {
        try
        {
            await responder.FlushAsync(FlushTimeout).ConfigureAwait(false);
        }
        catch (FairleadException)
        {
            // A client that does not read, or has gone.
        }
    }

    private async ValueTask RegisterAsync(string matchmaker, string name)
    {
        try
        {
            // The network address is the last.
            ServiceEntry entry = Matchmaker.EntryOf(name, Descriptions, Addresses[^1], _options.Endpoint.Label);
            _registration = await Registration.StartAsync(matchmaker, entry).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RunAsync()
    {
        using (_dispatcher)
        {
            await Task
                .WhenAll(_responders.Select(RunAsync))
                .ConfigureAwait(false);
        }
    }

    private Task RunAsync(Responder responder)
    {
        if (_turns is { } turns)
        {
            return new OrderedCalls(responder, _dispatcher, turns, _ending.Token).RunAsync();
        }

        return _options.BlockingThreads > 0
            ? new CallThreads(responder, _dispatcher, _options, _ending.Token).RunAsync()
            : new CallLoops(responder, _dispatcher, _ending.Token).RunAsync();
    }
}
