using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>An object of a client that its server calls.</summary>
/// <remarks>Owns the number of calls that pass it, and the last call of the object, each as its member says.</remarks>
internal sealed class CallbackTarget
{
    /// <param name="contract">The contract of the object.</param>
    /// <param name="skeleton">Executes its members.</param>
    public CallbackTarget(RpcDescription contract, RpcSkeleton skeleton)
    {
        Contract = contract.Name;
        Dispatcher = new CallDispatcher(contract, skeleton, new RpcServerOptions()) { ReportsAnswers = true };
    }

    /// <summary>The name of its contract.</summary>
    public string Contract { get; }

    /// <summary>Executes its calls.</summary>
    public CallDispatcher Dispatcher { get; }

    /// <summary>How many calls that pass it run; null: it is known as long as the session. Under the lock of
    /// <see cref="CallbackTargets"/>.</summary>
    public int? Calls { get; set; }

    /// <summary>The last call. Only the loop that asks for callbacks uses it.</summary>
    public Task Last { get; set; } = Task.CompletedTask;
}
