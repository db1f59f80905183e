using Fairlead.Rpc.Callbacks;

namespace Fairlead.Rpc.Calls;

/// <summary>A call that outlasts the writer of its arguments.</summary>
/// <param name="Lane">The lane that it must take; null: any.</param>
/// <param name="Frame">The call.</param>
/// <param name="Settings">Its options; null: it has none.</param>
/// <param name="Objects">The objects that the server may call as long as it lasts; null: there are none.</param>
internal readonly record struct Sent(IRpcLane? Lane, byte[] Frame, CallSettings? Settings, CallObjects? Objects)
{
    /// <summary>Copies a call.</summary>
    public static Sent Copy(scoped ref RpcWriter call) => new(call.Lane, call.Written.ToArray(), call.Settings, call.Objects);
}
