namespace Fairlead.Rpc.Instances;

/// <summary>An object that executes calls, and what releases it.</summary>
internal readonly record struct MadeInstance(RpcSkeleton Skeleton, Func<ValueTask> Release);

/// <summary>Makes the objects that execute the calls of a contract. Any thread.</summary>
internal sealed class InstanceFactory<T>(RpcContract<T> contract, Func<RpcContext, RpcInstance<T>> create, InstanceOwner owner)
    where T : class
{
    /// <summary>Makes an object.</summary>
    /// <exception cref="InstanceException">The factory has thrown, or what it has made cannot execute calls.</exception>
    /// <exception cref="RpcException">The factory has answered the call.</exception>
    /// <exception cref="OperationCanceledException">The factory has heeded the token of the call.</exception>
    public MadeInstance Make(RpcContext call)
    {
        RpcInstance<T> made;
        try
        {
            made = create(call);
        }
        catch (Exception exception) when (exception is not (RpcException or OperationCanceledException))
        {
            throw new InstanceException(contract.Description, exception);
        }

        if (made.Service is not { } service)
        {
            throw new InstanceException(contract.Description, new InvalidOperationException("The factory has returned null."));
        }

        Func<ValueTask> release = made.Release ?? (() => DisposeAsync(service));
        return RpcServerOptions.ConcurrencyOf(service.GetType()) > owner.Concurrency
            ? throw new InstanceException(contract.Description, Unordered(service.GetType())) { Release = release }
            : new MadeInstance(contract.CreateSkeleton(service), release);
    }

    // A server that does not know the class decides about the order of calls before it has an object.
    private static InvalidOperationException Unordered(Type type) => new(
        $"The attribute of {type} for the order of calls has no effect, because a factory makes its objects: mark the contract, or set "
            + "RpcServerOptions.Concurrency.");

    private static ValueTask DisposeAsync(T service)
    {
        if (service is IAsyncDisposable disposable)
        {
            return disposable.DisposeAsync();
        }

        (service as IDisposable)?.Dispose();
        return default;
    }
}

/// <summary>A call was not executed because its server could not make the object for it.</summary>
/// <param name="contract">The contract.</param>
/// <param name="cause">The exception of the factory.</param>
internal sealed class InstanceException(RpcDescription contract, Exception cause) : Exception(
    $"the server could not make an object of {contract.Name} for the call: {cause.GetType().FullName}", cause)
{
    /// <summary>Releases an object that was made all the same; null: there is none.</summary>
    public Func<ValueTask>? Release { get; init; }
}
