namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>The roles of a second process in the tests of the wait handles.</summary>
public static class RoleList
{
    /// <summary>Returns a role by its name; null if there is none.</summary>
    public static Func<string[], int>? Find(string name) => name switch
    {
        "open" => Opening.Run,
        "hold" => Holding.Run,
        "wait" => Waiting.Run,
        "wait-any" => WaitingForAny.Run,
        "signal" => Signalling.Run,
        "philosopher" => Philosopher.Run,
        "storm" => Storm.Run,
        _ => null,
    };
}
