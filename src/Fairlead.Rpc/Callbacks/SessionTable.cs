using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>The sessions of a server by their identities.</summary>
/// <remarks>
/// One lock. The frames of a session may overtake each other, and the call that passes an object may overtake the session: they wait for
/// it.
/// </remarks>
/// <param name="options">
/// The most sessions, and the most that frames wait for. One client has three quarters of each at most, and leaves the rest to others.
/// </param>
internal sealed class SessionTable(RpcServerOptions options)
{
    private readonly ClientCounts _open = new(options.MaxStreamingCalls, options.Clients);
    private readonly ClientCounts _missing = new(options.MaxStreamingCalls, options.Clients);
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ServerSession> _sessions = [];
    private readonly Dictionary<Guid, Awaited> _awaited = [];

    /// <summary>The options of the calls of objects.</summary>
    public RpcClientOptions CallOptions { get; } = new() { Timeout = options.CallbackTimeout };

    /// <summary>Adds the session of a client.</summary>
    /// <returns>Null: there are too many, or it is there already.</returns>
    public ServerSession? Open(Guid id, Peer client)
    {
        ServerSession session = new(client);
        Awaited? awaited;
        lock (_lock)
        {
            if (_sessions.ContainsKey(id) || !_open.TryAdd(client))
            {
                return null;
            }

            _sessions.Add(id, session);
            awaited = Forget(id);
        }

        awaited?.Session.TrySetResult(session);
        return session;
    }

    /// <summary>Returns a session when it is there.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="client">The client that names it.</param>
    /// <returns>Null: it is not there, and too many are awaited already.</returns>
    /// <exception cref="FairleadException">PeerGone: there is no such session.</exception>
    public Task<ServerSession>? FindAsync(Guid id, Peer client)
    {
        lock (_lock)
        {
            if (_sessions.TryGetValue(id, out ServerSession? session))
            {
                return Task.FromResult(session);
            }

            if (!_awaited.TryGetValue(id, out Awaited? awaited))
            {
                if (!_missing.TryAdd(client))
                {
                    // Identities that were invented must not fill the memory, nor the places of other clients.
                    return null;
                }

                _awaited[id] = awaited = new Awaited(client);
            }

            return WaitAsync(id, awaited);
        }
    }

    /// <summary>Returns a session; null: it is not there.</summary>
    public ServerSession? TryFind(Guid id)
    {
        lock (_lock)
        {
            return _sessions.GetValueOrDefault(id);
        }
    }

    /// <summary>Ends a session, if it has not ended.</summary>
    public void Close(Guid id, ServerSession session)
    {
        lock (_lock)
        {
            Forget(id, session);
        }

        session.End();
    }

    /// <summary>Ends the sessions of a connection that has ended, and the waits of its frames for others.</summary>
    public void Leave(Peer connection)
    {
        KeyValuePair<Guid, ServerSession>[] ended;
        KeyValuePair<Guid, Awaited>[] missed;
        lock (_lock)
        {
            ended = [.. _sessions.Where(one => ReferenceEquals(one.Value.Client, connection))];
            missed = [.. _awaited.Where(one => ReferenceEquals(one.Value.Client, connection))];
            Array.ForEach(ended, one => Forget(one.Key, one.Value));
            Array.ForEach(missed, one => Forget(one.Key));
        }

        Array.ForEach(ended, static one => one.Value.End());
        Array.ForEach(missed, static one => one.Value.Session.TrySetException(Gone()));
    }

    private async Task<ServerSession> WaitAsync(Guid id, Awaited awaited)
    {
        try
        {
            // A client that follows the format has sent the frame of its session before.
            return await awaited.Session.Task.WaitAsync(RpcLimits.MostOvertaken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_lock)
            {
                // Another frame may have given up before, and a later one may wait again.
                if (_awaited.GetValueOrDefault(id) == awaited)
                {
                    Forget(id);
                }
            }

            throw Gone();
        }
    }

    // Under the lock. Another connection may have a session of the same identity.
    private void Forget(Guid id, ServerSession session)
    {
        if (_sessions.GetValueOrDefault(id) == session)
        {
            _sessions.Remove(id);
            _open.Remove(session.Client);
        }
    }

    // Under the lock.
    private Awaited? Forget(Guid id)
    {
        if (_awaited.Remove(id, out Awaited? awaited))
        {
            _missing.Remove(awaited.Client);
        }

        return awaited;
    }

    /// <summary>Returns the error for a session that is not there.</summary>
    public static FairleadException Gone() => new(ErrorCode.PeerGone, "the client whose object was called has disconnected")
    {
        Delivery = DeliveryStatus.NotDelivered,
    };

    // A session that frames have named before its own has come.
    private sealed class Awaited(Peer client)
    {
        public Peer Client => client;

        public TaskCompletionSource<ServerSession> Session { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
