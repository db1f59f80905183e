namespace Fairlead.Rpc;

/// <summary>
/// A contract, or a class that implements one, whose calls run one at a time, over all clients: <see cref="RpcConcurrency.Serial"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
public sealed class SerialAttribute : Attribute;

/// <summary>
/// A contract, or a class that implements one, whose calls of one connection run one after the other, in the order in which they began:
/// <see cref="RpcConcurrency.Ordered"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
public sealed class OrderedAttribute : Attribute;
