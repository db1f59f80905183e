namespace Fairlead.Rpc.Calls;

/// <summary>The use of call options by the running code, from <see cref="Begin"/> to its end.</summary>
/// <remarks>Flows with the execution context. The end of an outer use ends the inner ones.</remarks>
internal sealed class CallScope : IDisposable
{
    private static readonly AsyncLocal<CallScope?> Flowing = new();

    private readonly CallScope? _outer;

    private CallScope(RpcCallOptions options, CallScope? outer)
    {
        (Options, _outer) = (options, outer);
        Deadline = CallDeadline.Earlier(CallDeadline.Of(options.Deadline), outer?.Deadline ?? CallDeadline.None);
    }

    /// <summary>The innermost use; null: there is none.</summary>
    public static CallScope? Current => Flowing.Value;

    /// <summary>The options in use.</summary>
    public RpcCallOptions Options { get; }

    /// <summary>The earliest deadline of this use and of the outer ones, as <see cref="CallDeadline"/> has it.</summary>
    public long Deadline { get; }

    /// <summary>Begins the use of options.</summary>
    public static CallScope Begin(RpcCallOptions options)
    {
        CallScope scope = new(options, Flowing.Value);
        CallSettings.AreUsed = true;
        Flowing.Value = scope;
        return scope;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (CallScope? scope = Flowing.Value; scope is not null; scope = scope._outer)
        {
            if (scope == this)
            {
                Flowing.Value = _outer;
                return;
            }
        }
    }
}
