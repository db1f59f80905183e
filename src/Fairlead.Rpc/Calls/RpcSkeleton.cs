using System.ComponentModel;

namespace Fairlead.Rpc;

/// <summary>
/// The server's side of a contract: it unmarshals the arguments of a call, calls the service, and marshals the result. Generated code
/// derives from it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public abstract class RpcSkeleton
{
    /// <summary>Executes a call.</summary>
    /// <param name="member">The number of the member, one of the contract.</param>
    /// <param name="invocation">The call. It must be answered before the result completes.</param>
    public abstract ValueTask InvokeAsync(int member, RpcInvocation invocation);
}

/// <summary>A call at the server, for a skeleton.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public readonly struct RpcInvocation
{
    private readonly Request _request;

    internal RpcInvocation(Request request, RequestContext context) =>
        (_request, CancellationToken) = (request, context.CancellationToken);

    /// <summary>Cancelled when the caller no longer waits.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>A reader of the arguments. They are valid until the call has been answered.</summary>
    public RpcReader Arguments => new(_request.Span[Calls.Frames.CallHeader..]);

    /// <summary>Begins the reply.</summary>
    /// <param name="initial">The memory to start in.</param>
    public static RpcWriter BeginReply(Span<byte> initial)
    {
        RpcWriter reply = new(initial);
        reply.WriteByte((byte)Calls.ReplyStatus.Ok);
        return reply;
    }

    /// <summary>Sends the reply.</summary>
    public void Reply(scoped ref RpcWriter reply) => _request.Reply(reply.Written);
}
