using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <content>Objects that the server may call back.</content>
public sealed partial class RpcChannel
{
    private CallbackHost Host => Callbacks ?? throw new FairleadException(
        ErrorCode.NotSupported, "a callback cannot take a callback", "Pass the object in a call to the service.");

    /// <summary>Writes a parameter that is a contract: the server may call the object as long as the connection lives.</summary>
    /// <param name="call">The call.</param>
    /// <param name="target">The object; null where the contract allows it.</param>
    public void WriteCallback<T>(ref RpcWriter call, T? target)
        where T : class
    {
        Host.Write(ref call, target);
    }

    /// <summary>Writes a parameter that is a contract: the server may call the object until the call ends.</summary>
    /// <inheritdoc cref="WriteCallback{T}(ref RpcWriter, T)" path="/param"/>
    public void WriteDuringCall<T>(ref RpcWriter call, T? target)
        where T : class
    {
        RpcContract<T> contract = RpcContracts.Of<T>();
        Host.WriteDuringCall(ref call, contract.Description, target is null ? null : contract.CreateSkeleton(target));
    }

    /// <summary>Writes a parameter that is an <see cref="IProgress{T}"/>: the server may report to it until the call ends.</summary>
    /// <param name="call">The call.</param>
    /// <param name="progress">How reports travel.</param>
    /// <param name="target">The object; null where the contract allows it.</param>
    public void WriteProgress<T>(ref RpcWriter call, RpcProgress<T> progress, IProgress<T>? target)
    {
        ArgumentNullException.ThrowIfNull(progress);
        Host.WriteDuringCall(ref call, progress.Description, target is null ? null : progress.SkeletonOf(target));
    }

    /// <summary>
    /// Writes a parameter that is a contract which this program learns only now, as from <see cref="Offered"/>. For tools.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="contract">The contract of the object. Members and shapes are the ones of the server, in its order.</param>
    /// <param name="target">The object: it executes the calls. It may be passed again, and is the same object then.</param>
    /// <returns>Completes when the server cannot call the object any more: it has gone, or the connection was closed.</returns>
    public Task WriteCallback(ref RpcWriter call, RpcDescription contract, RpcSkeleton target)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(target);
        return Host.Write(ref call, target, contract, () => target);
    }

    /// <summary>Waits until the callbacks that this client has accepted are executed. For tools.</summary>
    /// <remarks>
    /// A one-way callback is accepted before it is executed. So the reply to the call that passed the object may come before its execution.
    /// </remarks>
    /// <param name="cancellationToken">Ends the wait. The callbacks continue.</param>
    public Task CallbacksExecutedAsync(CancellationToken cancellationToken = default) =>
        (Callbacks?.ExecutedAsync() ?? Task.CompletedTask).WaitAsync(cancellationToken);

    /// <summary>Sends a call that was marshalled before. The other side may have changed its contract since then.</summary>
    internal async ValueTask SendAsync(int member, byte[] frame, CancellationToken cancellationToken)
    {
        try
        {
            await FinishAsync(RequestAsync(member, null, frame, null, cancellationToken)).ConfigureAwait(false);
        }
        catch (FairleadException stale) when (stale is { Code: ErrorCode.Unavailable, Delivery: DeliveryStatus.NotDelivered })
        {
            Frames.Renumber(frame, NumberOf(member, out ulong hash), hash);
            await FinishAsync(RequestAsync(member, null, frame, null, cancellationToken)).ConfigureAwait(false);
        }
    }

    // The objects are known from here until the call has ended.
    private T CallWithObjects<T>(
        CallObjects objects, int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        call.Objects = null;
        objects.Enter();
        try
        {
            return Call(member, ref call, read, cancellationToken);
        }
        finally
        {
            objects.Leave();
        }
    }

    private ValueTask<T> CallWithObjectsAsync<T>(
        CallObjects objects, int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        call.Objects = null;
        objects.Enter();
        try
        {
            return objects.LeaveAfterAsync(CallAsync(member, ref call, read, cancellationToken));
        }
        catch
        {
            objects.Leave();
            throw;
        }
    }

    private ValueTask CallWithObjectsAsync(
        CallObjects objects, int member, scoped ref RpcWriter call, CancellationToken cancellationToken)
    {
        call.Objects = null;
        objects.Enter();
        try
        {
            return objects.LeaveAfterAsync(CallAsync(member, ref call, cancellationToken));
        }
        catch
        {
            objects.Leave();
            throw;
        }
    }
}
