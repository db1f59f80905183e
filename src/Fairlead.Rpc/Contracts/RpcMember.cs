namespace Fairlead.Rpc;

/// <summary>A member of a contract.</summary>
/// <param name="Name">The name of the method.</param>
/// <param name="Declaration">The member in C#, for people.</param>
/// <param name="Shape">
/// The form on the wire: the types of the parameters and of the result, each type spelled out. Members with equal shapes understand each
/// other.
/// </param>
/// <param name="Kinds">The kind of call.</param>
public sealed record RpcMember(string Name, string Declaration, string Shape, RpcMemberKinds Kinds = RpcMemberKinds.None)
{
    /// <summary>
    /// Whether a client that has this member may call a server that has the other one: their shapes are equal, and both or neither are
    /// one-way.
    /// </summary>
    public bool Understands(RpcMember other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Name == other.Name && Shape == other.Shape && ((Kinds ^ other.Kinds) & RpcMemberKinds.OneWay) == 0;
    }
}

/// <summary>The kind of call of a member.</summary>
[Flags]
public enum RpcMemberKinds
{
    /// <summary>One request, one reply.</summary>
    None = 0,

    /// <summary>The caller does not wait for the execution.</summary>
    OneWay = 1,

    /// <summary>It may be repeated.</summary>
    Idempotent = 2,
}
