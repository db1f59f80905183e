namespace Fairlead.Rpc;

/// <summary>A call at the server.</summary>
public sealed class RpcContext
{
    private static readonly AsyncLocal<RpcContext?> Flowing = new();

    internal RpcContext(RpcMember member, RequestContext request) =>
        (Member, Caller, Timeout, CancellationToken) = (member, request.Peer, request.Timeout, request.CancellationToken);

    /// <summary>The call that the running code belongs to; null: it belongs to none.</summary>
    /// <remarks>Only a server with <see cref="RpcServerOptions.KeepContext"/> has it: it costs a few allocations for each call.</remarks>
    public static RpcContext? Current
    {
        get => Flowing.Value;
        internal set => Flowing.Value = value;
    }

    /// <summary>The process that calls. Its pid, user and program are there if the transport knows them.</summary>
    public Peer Caller { get; }

    /// <summary>The member that is called.</summary>
    public RpcMember Member { get; }

    /// <summary>How long the caller was going to wait when it called; null: without limit.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Cancelled when the caller no longer waits.</summary>
    public CancellationToken CancellationToken { get; }
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
