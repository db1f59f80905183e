namespace Fairlead.Rpc.Instances;

/// <summary>A contract that a server offers, and what executes its calls.</summary>
internal sealed class ServedContract
{
    // Of the members, in an array: each call looks it up.
    private readonly bool[] _areOneWay;
    private readonly RpcSkeleton? _skeleton;

    private ServedContract(RpcDescription description)
    {
        Description = description;
        _areOneWay = [.. description.Members.Select(static member => (member.Kinds & RpcMemberKinds.OneWay) != 0)];
    }

    /// <param name="description">The contract.</param>
    /// <param name="skeleton">Executes all calls.</param>
    public ServedContract(RpcDescription description, RpcSkeleton skeleton)
        : this(description) => _skeleton = skeleton;

    /// <param name="description">The contract.</param>
    /// <param name="instances">The objects that execute the calls.</param>
    public ServedContract(RpcDescription description, ServedInstances instances)
        : this(description) => Instances = instances;

    /// <summary>The contract.</summary>
    public RpcDescription Description { get; }

    /// <summary>The objects that execute the calls; null: there is one, which is the user's.</summary>
    public ServedInstances? Instances { get; }

    /// <summary>Whether there is a member of a number.</summary>
    public bool Has(ushort member) => member < _areOneWay.Length;

    /// <summary>Whether a member is one-way.</summary>
    public bool IsOneWay(ushort member) => _areOneWay[member];

    /// <summary>Executes a call.</summary>
    /// <param name="member">The number of the member.</param>
    /// <param name="invocation">The call.</param>
    /// <param name="call">Its context; null only if there are no <see cref="Instances"/>.</param>
    public ValueTask InvokeAsync(ushort member, RpcInvocation invocation, RpcContext? call) =>
        _skeleton is { } skeleton ? skeleton.InvokeAsync(member, invocation) : Instances!.InvokeAsync(member, invocation, call!);
}
