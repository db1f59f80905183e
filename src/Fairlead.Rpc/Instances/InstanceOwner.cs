namespace Fairlead.Rpc.Instances;

/// <summary>The server that instances belong to: which clients are connected, and where failures are reported.</summary>
/// <param name="responders">The endpoints of the server.</param>
/// <param name="concurrency">Which calls of the server run at the same time.</param>
internal sealed class InstanceOwner(IReadOnlyList<Responder> responders, RpcConcurrency concurrency)
{
    /// <summary>Which calls of the server run at the same time.</summary>
    public RpcConcurrency Concurrency => concurrency;

    /// <summary>Whether a client has not disconnected.</summary>
    public bool IsConnected(Peer client) =>
        responders.Any(responder => responder.Peers.Any(peer => ReferenceEquals(peer, client)));

    /// <summary>Reports an exception of what releases an instance.</summary>
    public void Report(Exception exception, Peer client) => responders[0].ReportFailure(HandlerKind.Instance, exception, client);
}
