namespace Fairlead.Rpc;

/// <summary>An object that a factory has made to execute calls, and what releases it.</summary>
/// <typeparam name="T">The contract.</typeparam>
/// <param name="Service">The object.</param>
/// <param name="Release">
/// Releases the object and what was made for it, such as the scope of a container. Null: the object is disposed, if it can be.
/// </param>
public readonly record struct RpcInstance<T>(T Service, Func<ValueTask>? Release = null)
    where T : class;
