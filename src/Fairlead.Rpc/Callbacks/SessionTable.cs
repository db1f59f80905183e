using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>The sessions of a server by their identities.</summary>
/// <remarks>
/// One lock. The frames of a session may overtake each other, and the call that passes an object may overtake the session: they wait for
/// it.
/// </remarks>
/// <param name="most">
/// The most sessions, and the most that frames wait for. One client has three quarters of each at most, and leaves the rest to others.
/// </param>
/// <param name="limit">How long a call of an object may take; null: without limit.</param>
internal sealed class SessionTable(int most, TimeSpan? limit)
{
    private readonly int _mostOfClient = ClientShares.MostOfOne(most);
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ServerSession> _sessions = [];
    private readonly Dictionary<Guid, Awaited> _awaited = [];

    /// <summary>The options of the calls of objects.</summary>
    public RpcClientOptions CallOptions { get; } = new() { Timeout = limit };

    /// <summary>Adds the session of a client.</summary>
    /// <returns>Null: there are too many, or it is there already.</returns>
    public ServerSession? Open(Guid id, Peer client)
    {
        ServerSession session = new(client);
        Awaited? awaited;
        lock (_lock)
        {
            int ofClient = _sessions.Values.Count(other => ReferenceEquals(other.Client, client));
            if (_sessions.Count == most || ofClient == _mostOfClient || !_sessions.TryAdd(id, session))
            {
                return null;
            }

            _awaited.Remove(id, out awaited);
        }

        awaited?.Session.TrySetResult(session);
        return session;
    }

    /// <summary>Returns a session when it is there.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="client">The client that names it.</param>
    /// <exception cref="FairleadException">PeerGone: there is no such session.</exception>
    public Task<ServerSession> FindAsync(Guid id, Peer client)
    {
        lock (_lock)
        {
            if (_sessions.TryGetValue(id, out ServerSession? session))
            {
                return Task.FromResult(session);
            }

            if (!_awaited.TryGetValue(id, out Awaited? awaited))
            {
                if (_awaited.Count == most
                    || _awaited.Values.Count(other => ReferenceEquals(other.Client, client)) == _mostOfClient)
                {
                    // Identities that were invented must not fill the memory, nor the places of other clients.
                    return Task.FromException<ServerSession>(Gone());
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

    /// <summary>Ends a session.</summary>
    public void Close(Guid id)
    {
        ServerSession? session;
        lock (_lock)
        {
            _sessions.Remove(id, out session);
        }

        session?.End();
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
                    _awaited.Remove(id);
                }
            }

            throw Gone();
        }
    }

    private static FairleadException Gone() => new(ErrorCode.PeerGone, "the client whose object was called has disconnected")
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
