namespace Fairlead.Native.Waiting;

/// <summary>
/// The registration of a descriptor in the <see cref="Reactor"/>. Silent until it is armed, and again after each callback.
/// </summary>
internal sealed class Registration : IDisposable
{
    private readonly RankedLock _gate = new(LockRank.Registration);
    private readonly Reactor _reactor;
    private readonly IReactorClient _client;
    private readonly ulong _token;

    // Whether the client wants a callback. The kernel reports errors and hang-ups even without requested events; those are dropped.
    private volatile bool _wanted;
    private bool _disposed;

    internal Registration(Reactor reactor, ulong token, Descriptor descriptor, IReactorClient client)
    {
        _reactor = reactor;
        _token = token;
        Descriptor = descriptor;
        _client = client;
    }

    public Descriptor Descriptor { get; }

    /// <summary>
    /// Requests one callback when the descriptor is ready for any of <paramref name="events"/>, immediately if it is already. Arming again
    /// replaces the request.
    /// </summary>
    /// <returns>False, without a callback, if this registration is disposed or its descriptor closed.</returns>
    public bool Arm(PollEvents events)
    {
        // The gate keeps a late Arm from changing a newer registration of the same descriptor.
        using (_gate.Hold())
        {
            if (_disposed)
            {
                return false;
            }

            _wanted = true;
            return _reactor.Watch(Descriptor, _token, events);
        }
    }

    /// <summary>Stops callbacks until armed again; one that has begun may still run.</summary>
    public void Disarm()
    {
        using (_gate.Hold())
        {
            if (_disposed || !_wanted)
            {
                return;
            }

            _wanted = false;
            _ = _reactor.Watch(Descriptor, _token, PollEvents.None);
        }
    }

    /// <summary>Undoes <see cref="Reactor.Register"/>. No callback begins afterwards; one that has begun may still run.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _wanted = false;
            _reactor.Release(Descriptor, _token);
        }
    }

    /// <summary>Called after <see cref="Notify"/>, on the same thread.</summary>
    internal bool Park() => _client.Park();

    /// <summary>Called after one of the others has thrown.</summary>
    internal void Fail(Exception exception) => _client.OnFailed(exception);

    internal void Notify(PollEvents events)
    {
        if (_wanted)
        {
            _client.OnReady(events);
        }
    }
}
