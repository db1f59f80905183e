namespace Fairlead.Rpc.Instances;

/// <summary>The objects of one contract that execute calls at a server, and that a factory makes. Any thread.</summary>
internal abstract class ServedInstances(Func<RpcContext, MadeInstance> make, InstanceOwner owner)
{
    /// <summary>Executes a call.</summary>
    public abstract ValueTask InvokeAsync(int member, RpcInvocation invocation, RpcContext call);

    /// <summary>Notes that a client has disconnected. Does not wait for user code.</summary>
    public virtual void Leave(Peer client)
    {
    }

    /// <summary>Releases all objects. To be called once, at the end of the server.</summary>
    /// <returns>Completes when all objects are released, those of calls that still run after their calls.</returns>
    public virtual Task EndAsync() => Task.CompletedTask;

    /// <summary>Makes an object for a call.</summary>
    protected async ValueTask<MadeInstance> MakeAsync(RpcContext call)
    {
        try
        {
            return make(call);
        }
        catch (InstanceException failed) when (failed.Release is not null)
        {
            await ReleaseAsync(failed.Release, call.Caller).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Releases an object. An exception is reported, and harms no call.</summary>
    protected async Task ReleaseAsync(Func<ValueTask> release, Peer client)
    {
        try
        {
            await release().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            owner.Report(exception, client);
        }
    }

    /// <summary>Whether a client has not disconnected.</summary>
    protected bool IsConnected(Peer client) => owner.IsConnected(client);
}

/// <summary>One object for each call.</summary>
internal sealed class CallInstances(Func<RpcContext, MadeInstance> make, InstanceOwner owner) : ServedInstances(make, owner)
{
    /// <inheritdoc/>
    public override async ValueTask InvokeAsync(int member, RpcInvocation invocation, RpcContext call)
    {
        MadeInstance instance = await MakeAsync(call).ConfigureAwait(false);
        try
        {
            await instance.Skeleton.InvokeAsync(member, invocation).ConfigureAwait(false);
        }
        finally
        {
            await ReleaseAsync(instance.Release, call.Caller).ConfigureAwait(false);
        }
    }
}
