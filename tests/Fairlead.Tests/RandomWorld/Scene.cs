using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Some endpoints of one pattern at one place that come, communicate and leave at random for a moment, and the invariants at the end. All
/// random choices come from one seed.
/// </summary>
internal abstract class Scene(Random random, TransportUnderTest transport) : IDisposable
{
    /// <summary>The handshake timeout, long enough for a busy machine.</summary>
    protected static readonly TimeSpan Unhurried = TimeSpan.FromSeconds(30);

    protected static readonly EndpointOptions Patient = new() { HandshakeTimeout = Unhurried };

    private static int _lastFrom;
    private int _heard;

    private readonly ConcurrentDictionary<PeerProcess, bool> _actors = new();
    private readonly CancellationTokenSource _curtain = new();

    /// <summary>For people.</summary>
    public string Name => NameOf(GetType().Name, transport);

    /// <summary>The endpoints to inspect when the scene hangs.</summary>
    public ConcurrentDictionary<MessagingEndpoint, bool> Endpoints { get; } = new();

    /// <summary>The number of messages that arrived.</summary>
    public int Heard => _heard;

    /// <summary>Cancelled when the play is to end.</summary>
    protected CancellationToken Curtain => _curtain.Token;

    /// <summary>The place of the scene; final when an endpoint has been bound there.</summary>
    protected Address Place { get; private set; } = transport.NewPlace();

    protected Random Random => random;

    /// <summary>For people.</summary>
    public static string NameOf(string scene, TransportUnderTest transport) => $"{scene} on {transport.Name}";

    /// <summary>Plays the scene and checks it.</summary>
    public async Task PlayAsync()
    {
        _curtain.CancelAfter(random.Next(50, 1500));
        try
        {
            await ActAsync();
        }
        finally
        {
            foreach (PeerProcess actor in _actors.Keys)
            {
                await actor.DisposeAsync();
            }
        }

        // Whatever was killed here, the next server finds the name free, and leaves nothing behind.
        (await Receiver.BindAsync(Bare)).Dispose();
        if (Place.Scheme is "unix" or "unixpacket" && !Place.IsAbstract)
        {
            Assert.False(File.Exists(UnixEndpoint.PathOf(Place)), $"{Place} left its file behind");
        }
    }

    /// <summary>Ends a hanging scene.</summary>
    public void Abort()
    {
        _curtain.Cancel();
        foreach (PeerProcess actor in _actors.Keys)
        {
            actor.Dispose();
        }

        foreach (MessagingEndpoint endpoint in Endpoints.Keys)
        {
            endpoint.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _curtain.Dispose();

    protected abstract Task ActAsync();

    /// <summary>Checks a message that has arrived, and counts it.</summary>
    protected (int Number, int From) Read(ReadOnlySpan<byte> content)
    {
        Interlocked.Increment(ref _heard);
        return Payload.Check(content);
    }

    /// <summary>Returns a sender number that no other sender uses.</summary>
    protected static int NewFrom() => Interlocked.Increment(ref _lastFrom);

    protected static bool Chance(Random own, double probability) => own.NextDouble() < probability;

    protected static Task PauseAsync(Random own, int most) => Task.Delay(TimeSpan.FromMilliseconds(own.Next(most)), TimeProvider.System);

    protected static int SizeOf(Random own) => own.Next(40) switch { 0 => own.Next(300_000), < 5 => own.Next(5_000), _ => own.Next(100) };

    /// <summary>Completes when the token is cancelled, or this many milliseconds have passed.</summary>
    protected static async Task UntilAsync(int milliseconds, CancellationToken cancellationToken) =>
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Returns whether something that the scene has done explains the error.</summary>
    protected static bool IsExcused(Exception exception, Cause causes) => exception switch
    {
        OperationCanceledException => (causes & Cause.Token) != 0,
        ObjectDisposedException => (causes & Cause.OwnEnd) != 0,
        FairleadException { Code: ErrorCode.PeerGone or ErrorCode.NotFound } => (causes & Cause.PeerLeaves) != 0,
        FairleadException { Code: ErrorCode.Full } => (causes & Cause.PeerIsTaken) != 0,
        FairleadException { Code: ErrorCode.Timeout } => (causes & Cause.TimeLimit) != 0,
        FairleadException { Code: ErrorCode.Failed } => (causes & Cause.HandlerThrows) != 0,
        _ => false,
    };

    /// <summary>The cause if it applies; none otherwise.</summary>
    protected static Cause If(bool applies, Cause cause) => applies ? cause : Cause.None;

    protected T Enter<T>(T endpoint)
        where T : MessagingEndpoint
    {
        Endpoints[endpoint] = true;
        return endpoint;
    }

    /// <summary>Binds at the place, the same one each time.</summary>
    protected T Bind<T>(Func<Address, T> bind)
        where T : MessagingEndpoint
    {
        T bound = Enter(bind(Place));
        Place = bound.Address;
        return bound;
    }

    /// <summary>
    /// Returns the address to connect to, with random options; all ends wait for the server, and some reconnect when they have lost it.
    /// </summary>
    protected Address Meeting(Random own, bool mayReconnect)
    {
        Address address = Bare.With("wait", "5s");
        if (Chance(own, 0.5))
        {
            address = address.With("messages", own.Next(1, 50).ToString(CultureInfo.InvariantCulture));
        }

        if (Chance(own, 0.3))
        {
            address = address.With("capacity", own.Next(4096, 100_000).ToString(CultureInfo.InvariantCulture));
        }

        return mayReconnect && Chance(own, 0.5) ? address.With("reconnect", "5s") : address;
    }

    /// <summary>Ends an endpoint in one of the possible ways; returns the close report, if any.</summary>
    protected async Task<CloseReport?> EndAsync(MessagingEndpoint endpoint, Random own)
    {
        CloseReport? report = null;
        switch (own.Next(3))
        {
            case 0:
                endpoint.Dispose();
                break;
            case 1:
                await endpoint.DisposeAsync();
                break;
            default:
                report = await endpoint.CloseAsync(TimeSpan.FromMilliseconds(own.Next(3_000)));
                break;
        }

        Endpoints.TryRemove(endpoint, out _);
        return report;
    }

    /// <summary>
    /// Runs processes that start, are stopped and continued, and are killed or end, one after the other until the play ends.
    /// </summary>
    protected async Task ActorsAsync(Random own, string kind)
    {
        if (!transport.CrossesProcesses)
        {
            return;
        }

        while (!Curtain.IsCancellationRequested)
        {
            PeerProcess actor = PeerProcess.Start(
                "actor", kind, Meeting(own, mayReconnect: false).ToString(), NewFrom().ToString(CultureInfo.InvariantCulture));
            _actors[actor] = true;
            await PauseAsync(own, 400);
            if (Chance(own, 0.3))
            {
                await actor.StopAsync();
                await PauseAsync(own, 300);
                if (Chance(own, 0.8))
                {
                    actor.Continue();
                    await PauseAsync(own, 100);
                }
            }

            if (Chance(own, 0.7))
            {
                await actor.KillAsync();
            }
            else
            {
                actor.Continue();
                int code = await actor.FinishAsync();
                Assert.True(code == 0, $"An actor, {kind}, ended with {code}: {await actor.ErrorsAsync()}");
            }

            _actors.TryRemove(actor, out _);
            await actor.DisposeAsync();
        }
    }

    /// <summary>Starts several of the same, each with separate random numbers.</summary>
    protected Task[] Several(int least, int most, Func<Random, Task> play) =>
        [
            .. Enumerable
                .Range(0, random.Next(least, most + 1))
                .Select(_ => new Random(random.Next()))
                .ToArray()
                .Select(own => Task.Run(() => play(own))),
        ];

    private Address Bare
    {
        get
        {
            string text = Place.ToString();
            int question = text.IndexOf('?', StringComparison.Ordinal);
            Address bare = Address.Parse(question < 0 ? text : text[..question]);
            return Place.Option("reliable") is { } reliable ? bare.With("reliable", reliable) : bare;
        }
    }
}
