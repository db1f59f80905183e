namespace Fairlead.Rpc;

/// <summary>How long an object that a factory has made executes calls.</summary>
public enum RpcLifetime
{
    /// <summary>One object for each connection: made for its first call, and released when the client has disconnected.</summary>
    Connection,

    /// <summary>One object for each call: released when the call has ended, with streams after their last item.</summary>
    Call,
}
