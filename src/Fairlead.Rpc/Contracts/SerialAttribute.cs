namespace Fairlead.Rpc;

/// <summary>
/// A contract, or a class that implements one, whose calls run one at a time, over all clients: <see cref="RpcConcurrency.Serial"/>. On an
/// interface, it holds for all calls of each contract that extends it.
/// </summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
public sealed class SerialAttribute : Attribute;

/// <summary>
/// A contract, or a class that implements one, whose calls of one connection run one after the other, in the order in which they began:
/// <see cref="RpcConcurrency.Ordered"/>. On an interface, it holds for all calls of each contract that extends it.
/// </summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
public sealed class OrderedAttribute : Attribute;
