namespace Fairlead.Rpc;

/// <summary>
/// Marks an interface as a contract for remote procedure calls. The source generator in this package writes its stub, its skeleton and its
/// marshalling.
/// </summary>
/// <remarks>docs/rpc.md has the rules for members and types, and links to the errors of the generator.</remarks>
[AttributeUsage(AttributeTargets.Interface, Inherited = false)]
public sealed class RpcContractAttribute : Attribute
{
    /// <summary>
    /// The name on the wire: at most 128 letters, digits, '.', '_' and '-'. The full name of the interface by default.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// A class that marshals the values in its own format, such as one derived from <see cref="JsonRpcSerializer"/>; by default they are
    /// in the format of docs/rpc-format.md.
    /// </summary>
    public Type? Serializer { get; set; }
}

/// <summary>A member whose caller does not wait until it has been executed. It returns nothing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>A member that may be executed twice without harm. A call that a dying server has left unanswered is repeated.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IdempotentAttribute : Attribute;

/// <summary>
/// Numbers a property of a type that is to grow: an old reader skips properties that it does not know, a new one sees defaults.
/// Number all properties of a type or none.
/// </summary>
/// <param name="number">The number on the wire, 1 or more. Do not reuse it for another meaning.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class RpcMemberAttribute(int number) : Attribute
{
    /// <summary>The number on the wire.</summary>
    public int Number { get; } = number;
}

/// <summary>Leaves a public property or field out of what travels. The reader's object has the value that its type gives it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class RpcIgnoreAttribute : Attribute;

/// <summary>
/// Names a type that the values of an abstract class, a class or an interface may have. The number travels before the value. Use one
/// attribute for each case.
/// </summary>
/// <param name="number">The number on the wire, 1 or more. Do not reuse it for another type.</param>
/// <param name="type">The type: not abstract, derived from the marked type or the marked type itself.</param>
/// <example><c>[RpcUnion(1, typeof(Circle)), RpcUnion(2, typeof(Square))] public abstract record Figure;</c></example>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, AllowMultiple = true, Inherited = false)]
public sealed class RpcUnionAttribute(int number, Type type) : Attribute
{
    /// <summary>The number on the wire.</summary>
    public int Number { get; } = number;

    /// <summary>The type.</summary>
    public Type Type { get; } = type;
}
