namespace Fairlead.Rpc.Calls;

/// <summary>
/// Lets the arguments of one long call of each client be read at a time, and not on a thread that receives if those before took long:
/// reading may cost far more than sending, and a client must not keep all threads with it.
/// </summary>
/// <remarks>
/// Owns the reads that wait, by client. One lock, never held while other code runs. Only reading has turns: a service that blocks delays
/// no other call.
/// </remarks>
/// <param name="options">Which connections belong to one client, and the clock.</param>
internal sealed class LongReads(RpcServerOptions options)
{
    /// <summary>How long a read may take on a thread that receives.</summary>
    private static readonly TimeSpan MostHere = TimeSpan.FromMilliseconds(0.2);

    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, Lane> _lanes = new(options.Clients);

    /// <summary>Begins a read, or takes the last position among those of its client.</summary>
    /// <returns>The read, which <see cref="LongRead.End"/> ends.</returns>
    public LongRead Enter(Peer client)
    {
        LongRead read = new(this, client, options.Endpoint.TimeProvider);
        LongRead? next;
        lock (_lock)
        {
            if (!_lanes.TryGetValue(client, out Lane? lane))
            {
                _lanes[client] = lane = new Lane();
            }

            if (lane is { Current: null, IsSlow: false })
            {
                lane.Current = read;
                read.IsHere = true;
                read.Come();
                return read;
            }

            lane.Waiting.Enqueue(read);
            next = lane.TakeNext();
        }

        next?.Come();
        return read;
    }

    /// <summary>Ends a read, and begins the next of its client.</summary>
    internal void Leave(LongRead read, TimeSpan took)
    {
        LongRead? next;
        lock (_lock)
        {
            Lane lane = _lanes[read.Client];
            lane.Current = null;
            lane.IsSlow = took > MostHere;
            next = lane.TakeNext();
            if (next is null && !lane.IsSlow)
            {
                _lanes.Remove(read.Client);
            }
        }

        next?.Come();
    }

    /// <summary>Forgets how long the reads of a client took, because a connection of it has ended.</summary>
    public void Leave(Peer client)
    {
        lock (_lock)
        {
            if (_lanes.TryGetValue(client, out Lane? lane) && lane.Current is null)
            {
                _lanes.Remove(client);
            }
        }
    }

    /// <summary>The reads of a client. Under the lock.</summary>
    private sealed class Lane
    {
        public Queue<LongRead> Waiting { get; } = new();

        public LongRead? Current { get; set; }

        /// <summary>Whether the last read took too long for a thread that receives.</summary>
        public bool IsSlow { get; set; }

        /// <summary>Makes the next read the current one, if there is none.</summary>
        public LongRead? TakeNext() => Current is null && Waiting.TryDequeue(out LongRead? next) ? Current = next : null;
    }
}

/// <summary>The reading of the arguments of a long call.</summary>
/// <remarks>Ended once, by the first of several that may.</remarks>
internal sealed class LongRead
{
    private readonly LongReads _reads;
    private readonly TimeProvider _clock;
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _began;
    private int _isOver;

    internal LongRead(LongReads reads, Peer client, TimeProvider clock) => (_reads, Client, _clock) = (reads, client, clock);

    /// <summary>Whether it may begin on the thread that has entered. Otherwise it begins elsewhere when its turn has come.</summary>
    public bool IsHere { get; internal set; }

    /// <summary>Completes when it may begin.</summary>
    public Task Turn => _come.Task;

    internal Peer Client { get; }

    /// <summary>Ends it, if it has not ended.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _reads.Leave(this, _clock.GetElapsedTime(_began));
        }
    }

    internal void Come()
    {
        _began = _clock.GetTimestamp();
        _come.SetResult();
    }
}
