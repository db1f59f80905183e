namespace Fairlead.Rpc.Callbacks;

/// <summary>The objects that the server may call as long as a call lasts.</summary>
/// <remarks>
/// Their numbers stand in the arguments, and their sessions know them from the beginning of the call to its end. The result of a member may
/// be a stream that is enumerated twice: each enumeration is a call with the same arguments.
/// </remarks>
internal sealed class CallObjects
{
    private readonly List<(CallbackTargets Targets, int Number, CallbackTarget Target)> _objects = [];

    /// <summary>Adds an object.</summary>
    /// <returns>Its number.</returns>
    public int Add(CallbackTargets targets, RpcDescription contract, RpcSkeleton skeleton)
    {
        int number = targets.Reserve();
        _objects.Add((targets, number, new CallbackTarget(contract, skeleton)));
        return number;
    }

    /// <summary>A call begins.</summary>
    public void Enter()
    {
        foreach ((CallbackTargets targets, int number, CallbackTarget target) in _objects)
        {
            targets.Keep(number, target);
        }
    }

    /// <summary>A call has ended.</summary>
    public void Leave()
    {
        foreach ((CallbackTargets targets, int number, CallbackTarget target) in _objects)
        {
            targets.Release(number, target);
        }
    }

    /// <summary>Waits for a call that has begun, and ends it.</summary>
    public async ValueTask<T> LeaveAfterAsync<T>(ValueTask<T> call)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc cref="LeaveAfterAsync{T}"/>
    public async ValueTask LeaveAfterAsync(ValueTask call)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }
}
