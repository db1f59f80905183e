namespace Fairlead.Rpc.Instances;

/// <summary>One object for each connection.</summary>
/// <remarks>
/// Owns the objects. One lock, never held during user code. The first call of a connection makes the object, and further ones wait for it.
/// The last call after the end of the connection releases it, or the end itself if no call runs.
/// </remarks>
internal sealed class ConnectionInstances(Func<RpcContext, MadeInstance> make, InstanceOwner owner) : ServedInstances(make, owner)
{
    private readonly Lock _lock = new();

    // Connections do not share a peer object, though two of one process have equal ones.
    private readonly Dictionary<Peer, Kept> _kept = new(ReferenceEqualityComparer.Instance);

    // The objects whose connections have ended, until they are released: the end of the server waits for them, too.
    private readonly List<Task> _releasing = [];
    private bool _hasEnded;

    /// <inheritdoc/>
    public override async ValueTask InvokeAsync(int member, RpcInvocation invocation, RpcContext call)
    {
        Kept kept = Enter(call.Caller, out bool isFirst);
        try
        {
            MadeInstance instance = isFirst
                ? await MakeAsync(kept, call).ConfigureAwait(false)
                : await kept.Made.Task.WaitAsync(call.CancellationToken).ConfigureAwait(false);
            await instance.Skeleton.InvokeAsync(member, invocation).ConfigureAwait(false);
        }
        finally
        {
            if (Leave(kept))
            {
                await ReleaseAsync(kept).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public override void Leave(Peer client)
    {
        Kept? kept;
        lock (_lock)
        {
            if (!_kept.Remove(client, out kept))
            {
                return;
            }

            _releasing.RemoveAll(static released => released.IsCompleted);
            _releasing.Add(kept.Released.Task);
            if (!kept.End())
            {
                return;
            }
        }

        _ = DetachedTask.Run(() => ReleaseAsync(kept));
    }

    /// <inheritdoc/>
    public override Task EndAsync()
    {
        Kept[] all;
        Kept[] idle;
        Task[] releasing;
        lock (_lock)
        {
            _hasEnded = true;
            all = [.. _kept.Values];
            idle = [.. all.Where(static kept => kept.End())];
            releasing = [.. _releasing];
            _kept.Clear();
        }

        foreach (Kept kept in idle)
        {
            _ = DetachedTask.Run(() => ReleaseAsync(kept));
        }

        return Task.WhenAll([.. releasing, .. all.Select(static kept => kept.Released.Task)]);
    }

    private Kept Enter(Peer client, out bool isFirst)
    {
        Kept? kept;
        lock (_lock)
        {
            isFirst = !_kept.TryGetValue(client, out kept);
            if (kept is null)
            {
                kept = new Kept(client);
                if (_hasEnded)
                {
                    kept.End();
                }
                else
                {
                    _kept[client] = kept;
                }
            }

            kept.Calls++;
        }

        if (isFirst && !IsConnected(client))
        {
            // The end of the connection was reported before there was an object to release.
            Leave(client);
        }

        return kept;
    }

    private bool Leave(Kept kept)
    {
        lock (_lock)
        {
            return --kept.Calls == 0 && kept.HasEnded;
        }
    }

    private async ValueTask<MadeInstance> MakeAsync(Kept kept, RpcContext call)
    {
        try
        {
            MadeInstance instance = await MakeAsync(call).ConfigureAwait(false);
            kept.Made.SetResult(instance);
            return instance;
        }
        catch (Exception exception)
        {
            // The next call tries again.
            lock (_lock)
            {
                if (_kept.GetValueOrDefault(kept.Client) == kept)
                {
                    _kept.Remove(kept.Client);
                }
            }

            kept.Made.SetException(exception);

            // Calls that wait report it, too. There may be none.
            _ = kept.Made.Task.Exception;
            throw;
        }
    }

    private async Task ReleaseAsync(Kept kept)
    {
        if (kept.Made.Task.IsCompletedSuccessfully)
        {
            MadeInstance instance = await kept.Made.Task.ConfigureAwait(false);
            await ReleaseAsync(instance.Release, kept.Client).ConfigureAwait(false);
        }

        kept.Released.SetResult();
    }

    /// <summary>The object of a connection. Under the lock, except its tasks.</summary>
    private sealed class Kept(Peer client)
    {
        public Peer Client => client;

        public TaskCompletionSource<MadeInstance> Made { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How many calls it executes, or is made for.</summary>
        public int Calls { get; set; }

        /// <summary>Whether its connection, or the server, has ended.</summary>
        public bool HasEnded { get; private set; }

        /// <summary>Notes the end.</summary>
        /// <returns>Whether no call runs that releases it.</returns>
        public bool End()
        {
            HasEnded = true;
            return Calls == 0;
        }
    }
}
