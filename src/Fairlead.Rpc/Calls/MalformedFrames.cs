using System.Globalization;

namespace Fairlead.Rpc.Calls;

/// <summary>
/// Answers the frames that cannot be read, and reports each connection of a client that sends too many of them: they cost the server more
/// than their sender.
/// </summary>
/// <remarks>
/// Owns the times of the last malformed frames of each client, under one lock. They are forgotten when all are older than
/// <see cref="Span"/>, and others have come since. A value that is well-formed and not accepted does not count, because a client of another
/// version may send it.
/// </remarks>
/// <param name="options">How many a client may send in <see cref="Span"/>, and the clock.</param>
/// <param name="tooMany">
/// Gets the connection of each malformed frame beyond that, with a text for it. Null: nothing is counted.
/// </param>
internal sealed class MalformedFrames(RpcServerOptions options, Action<Peer, string>? tooMany)
{
    /// <summary>The time in which malformed frames of a client are counted.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    private const int FewClients = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, Times> _clients = new(options.Clients);

    // How many clients are kept before old ones are looked for.
    private int _mostClients = FewClients;

    /// <summary>Answers a frame that cannot be read.</summary>
    public void Fail(Request request, RpcFormatException wrong)
    {
        Peer client = request.Peer;
        request.Fail(wrong.Code, wrong.Message);
        Count(client, wrong);
    }

    /// <inheritdoc cref="Fail(Request, RpcFormatException)"/>
    public void Fail(Request request, string fault)
    {
        Peer client = request.Peer;
        request.Fail(ErrorCode.Corrupt, fault);
        Count(client);
    }

    /// <summary>Counts a frame that cannot be read, without an answer.</summary>
    public void Count(Peer client, RpcFormatException wrong)
    {
        if (wrong is { Code: ErrorCode.Corrupt, IsOfValue: false })
        {
            Count(client);
        }
    }

    private void Count(Peer client)
    {
        if (tooMany is not null && IsTooMany(client, options.Endpoint.TimeProvider))
        {
            tooMany(
                client,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"more than {options.MaxMalformedFrames} frames in {Span.TotalSeconds:F0} s were no valid frames of remote calls"));
        }
    }

    private bool IsTooMany(Peer client, TimeProvider clock)
    {
        long now = clock.GetTimestamp();
        lock (_lock)
        {
            if (!_clients.TryGetValue(client, out Times? times))
            {
                Forget(clock, now);
                _clients[client] = times = new Times();
            }

            times.Last = now;
            times.All.Enqueue(now);
            return times.All.Count > options.MaxMalformedFrames && clock.GetElapsedTime(times.All.Dequeue(), now) <= Span;
        }
    }

    // Under the lock.
    private void Forget(TimeProvider clock, long now)
    {
        if (_clients.Count < _mostClients)
        {
            return;
        }

        foreach ((Peer client, Times times) in _clients)
        {
            if (clock.GetElapsedTime(times.Last, now) > Span)
            {
                _clients.Remove(client);
            }
        }

        _mostClients = Math.Max(FewClients, 2 * _clients.Count);
    }

    private sealed class Times
    {
        public Queue<long> All { get; } = new();

        public long Last { get; set; }
    }
}
