using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>The calls with streams that a server executes, by their identities.</summary>
/// <remarks>
/// One lock, which also guards the count of frames of each call. Frames of a call may overtake each other: the first makes the entry. It
/// stays until the call has ended or, if the call itself does not come, until the last frame has left.
/// </remarks>
/// <param name="options">The most calls. One client has three quarters of them at most, and leaves the rest to others.</param>
internal sealed class CallTable(RpcServerOptions options)
{
    private readonly ClientCounts _clients = new(options.MaxStreamingCalls, options.Clients);
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ServerCall> _calls = [];

    /// <summary>Returns the call that comes now.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="client">Its client.</param>
    /// <param name="isFirst">False: it came before.</param>
    /// <returns>The call, which <see cref="Remove"/> forgets; null: there are too many.</returns>
    public ServerCall? Open(Guid id, Peer client, out bool isFirst)
    {
        lock (_lock)
        {
            ServerCall? call = Find(id, client);
            isFirst = call?.TryOpen() == true;
            return call;
        }
    }

    /// <summary>Returns the call of another frame, and counts the frame.</summary>
    /// <returns>The call, which the frame leaves with <see cref="Leave"/>; null: there are too many.</returns>
    /// <exception cref="RpcFormatException">Too many frames of the call are under way: each keeps its bytes.</exception>
    public ServerCall? Enter(Guid id, Peer client)
    {
        lock (_lock)
        {
            ServerCall? call = Find(id, client);
            if (call?.Frames == RpcLimits.MaxFrames)
            {
                throw RpcReader.Corrupt($"{RpcLimits.MaxFrames} pulls and pushes of a call are under way");
            }

            call?.Frames += 1;
            return call;
        }
    }

    /// <summary>Counts a frame out. A call that has not come is forgotten with its last frame.</summary>
    public void Leave(Guid id, ServerCall call)
    {
        lock (_lock)
        {
            if (--call.Frames == 0 && !call.IsOpen)
            {
                Forget(id);
            }
        }
    }

    /// <summary>Forgets a call that has ended.</summary>
    public void Remove(Guid id)
    {
        lock (_lock)
        {
            Forget(id);
        }
    }

    // Under the lock.
    private ServerCall? Find(Guid id, Peer client)
    {
        if (_calls.TryGetValue(id, out ServerCall? call))
        {
            return call;
        }

        return _clients.TryAdd(client) ? _calls[id] = new ServerCall(client) : null;
    }

    // Under the lock.
    private void Forget(Guid id)
    {
        if (_calls.Remove(id, out ServerCall? call))
        {
            _clients.Remove(call.Client);
        }
    }
}
