using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>A call at the server.</summary>
public sealed class RpcContext
{
    private static readonly AsyncLocal<RpcContext?> Flowing = new();

    private volatile bool _hasEnded;

    internal RpcContext(RpcDescription contract, ushort member, RequestContext request, IReadOnlyDictionary<string, string> metadata)
    {
        (Contract, Member) = (contract, contract.Members[member]);
        (Caller, Timeout, CancellationToken) = (request.Peer, request.Timeout, request.CancellationToken);
        (Metadata, DeadlineStamp) = (metadata, CallDeadline.After(Timeout));
    }

    /// <summary>The call that the running code belongs to; null: it belongs to none.</summary>
    /// <remarks>Only a server with <see cref="RpcServerOptions.KeepContext"/> has it: it costs a few allocations for each call.</remarks>
    public static RpcContext? Current
    {
        get => Flowing.Value;
        internal set
        {
            CallSettings.AreUsed |= value is not null;
            Flowing.Value = value;
        }
    }

    /// <summary>The call that the running code belongs to, if it has not ended; null: there is none.</summary>
    internal static RpcContext? Running => Flowing.Value is { _hasEnded: false } call ? call : null;

    /// <summary>The process that calls. Its pid, user and program are there if the transport knows them.</summary>
    public Peer Caller { get; }

    /// <summary>The contract that is called: a server may offer several.</summary>
    public RpcDescription Contract { get; }

    /// <summary>The member that is called.</summary>
    public RpcMember Member { get; }

    /// <summary>The time limit of the caller when it called; null: without limit.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>How much of the time is left; zero: the caller no longer waits. Null: without limit.</summary>
    public TimeSpan? TimeLeft => CallDeadline.Left(DeadlineStamp) is { } left ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : null;

    /// <summary>The pairs of <see cref="RpcCallOptions.Metadata"/> of the caller. Its word: check what you act on.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Cancelled when the caller no longer waits.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The time limit, as <see cref="CallDeadline"/> has it.</summary>
    internal long DeadlineStamp { get; }

    /// <summary>Notes that the call has ended: its deadline and metadata no longer concern calls of code that it has started.</summary>
    internal void End() => _hasEnded = true;
}

/// <summary>Runs around a call at the server.</summary>
/// <param name="call">The call.</param>
/// <param name="next">
/// Executes it and sends the reply, or throws the exception of the service. The caller sees an exception of the interceptor instead, unless
/// the reply has been sent.
/// </param>
public delegate ValueTask RpcServerInterceptor(RpcContext call, Func<ValueTask> next);

/// <summary>Runs around a call at the client.</summary>
/// <param name="member">The member that is called.</param>
/// <param name="next">Calls it. An interceptor that runs it twice calls twice.</param>
public delegate ValueTask RpcClientInterceptor(RpcMember member, Func<ValueTask> next);
