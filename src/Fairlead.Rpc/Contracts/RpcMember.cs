using Fairlead.Rpc.Contracts;

namespace Fairlead.Rpc;

/// <summary>A member of a contract.</summary>
/// <param name="Name">The name of the method.</param>
/// <param name="Declaration">The member in C#, for people.</param>
/// <param name="Shape">
/// The form on the wire: the types of the parameters and of the result, each type spelled out, in the language of docs/rpc-format.md.
/// </param>
/// <param name="Kinds">The kind of call.</param>
/// <param name="Summary">Its documentation, for people; may be empty.</param>
public sealed record RpcMember(
    string Name, string Declaration, string Shape, RpcMemberKinds Kinds = RpcMemberKinds.None, string Summary = "")
{
    /// <summary>The member in C#, with its attributes.</summary>
    public override string ToString() =>
        ((Kinds & RpcMemberKinds.OneWay) != 0 ? "[OneWay] " : "")
        + ((Kinds & RpcMemberKinds.Idempotent) != 0 ? "[Idempotent] " : "")
        + Declaration;

    /// <summary>
    /// Whether a client that has this member may call a server that has the other one: names and shapes are equal, except that types with
    /// numbered parts need the same types only for the numbers that both have; and both or neither are one-way.
    /// </summary>
    public bool Understands(RpcMember other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Name == other.Name && ShapeMatch.Fit(Shape, other.Shape) && ((Kinds ^ other.Kinds) & RpcMemberKinds.OneWay) == 0;
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
