namespace Fairlead.Rpc;

/// <summary>
/// On a parameter whose type is a contract: the server may call the object until the call that passes it ends, and the client keeps it no
/// longer. An <see cref="IProgress{T}"/> is always passed like this.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DuringCallAttribute : Attribute;
