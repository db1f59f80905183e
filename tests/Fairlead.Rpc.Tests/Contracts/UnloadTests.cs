using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>A plug-in with contracts is unloaded when its context is.</summary>
public sealed class UnloadTests
{
    [Fact]
    public void An_assembly_that_declares_contracts_is_unloaded()
    {
        WeakReference context = Load();
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    return !context.IsAlive;
                },
                TimeSpan.FromSeconds(30)),
            "the context is still loaded");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Load()
    {
        // Fairlead itself is that of this process: the context loads nothing beside the one assembly.
        AssemblyLoadContext context = new("plug-in", isCollectible: true);
        Assembly plugIn = context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "Fairlead.Rpc.Peer.dll"));
        RuntimeHelpers.RunModuleConstructor(plugIn.ManifestModule.ModuleHandle);
        Type contract = plugIn.GetTypes().First(static type => type.IsInterface && type.IsDefined(typeof(RpcContractAttribute)));
        object known = typeof(RpcContracts).GetMethod(nameof(RpcContracts.Of))!.MakeGenericMethod(contract).Invoke(null, null)!;
        Assert.Same(plugIn, known.GetType().Assembly);
        context.Unload();
        return new WeakReference(context);
    }
}
