using System.Runtime.CompilerServices;

namespace Fairlead.Rpc;

/// <summary>The generated code of a contract: its description, its stub and its skeleton. Registered by generated code.</summary>
/// <typeparam name="T">The interface.</typeparam>
public abstract class RpcContract<T>
    where T : class
{
    /// <summary>The description, whose members stand in the order of their numbers.</summary>
    public abstract RpcDescription Description { get; }

    /// <summary>
    /// Which calls run at the same time: the strictest of <see cref="SerialAttribute"/> and <see cref="OrderedAttribute"/> on the contract
    /// and on the interfaces that it extends.
    /// </summary>
    public virtual RpcConcurrency Concurrency => RpcConcurrency.Concurrent;

    /// <summary>Makes a stub: it marshals the arguments of each call, and unmarshals the reply.</summary>
    public abstract T CreateStub(RpcChannel channel);

    /// <summary>Makes a skeleton: it unmarshals the arguments of each call, calls the service, and marshals the result.</summary>
    public abstract RpcSkeleton CreateSkeleton(T service);
}

/// <summary>The contracts of this process.</summary>
public static class RpcContracts
{
    /// <summary>Registers a contract. Generated code does this when its assembly is loaded.</summary>
    public static void Register<T>(RpcContract<T> contract)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(contract);
        Volatile.Write(ref Holder<T>.Contract, contract);
    }

    /// <summary>Returns the contract of an interface.</summary>
    /// <exception cref="FairleadException">NotSupported: no generated code for it has been loaded.</exception>
    public static RpcContract<T> Of<T>()
        where T : class
    {
        if (Volatile.Read(ref Holder<T>.Contract) is not { } contract)
        {
            // The assembly of the interface may not have run any code yet.
            RuntimeHelpers.RunModuleConstructor(typeof(T).Module.ModuleHandle);
            contract = Volatile.Read(ref Holder<T>.Contract)
                ?? throw new FairleadException(
                    ErrorCode.NotSupported,
                    $"{typeof(T)} is not a contract for remote procedure calls",
                    "Mark the interface with [RpcContract], in a project that references the package Fairlead.Rpc.");
        }

        return contract;
    }

    /// <summary>Holds the contract of one interface. A table of all would keep the assemblies of plug-ins from being unloaded.</summary>
    private static class Holder<T>
        where T : class
    {
        public static RpcContract<T>? Contract;
    }
}
