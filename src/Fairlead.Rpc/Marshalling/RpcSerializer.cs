using System.Buffers;

namespace Fairlead.Rpc;

/// <summary>Marshals the values of a contract in another format than the one of docs/rpc-format.md.</summary>
/// <remarks>
/// <para>
/// Derive a class with <see cref="RpcFormatAttribute"/> and a public constructor without parameters, and name it in
/// <see cref="RpcContractAttribute.Serializer"/>. Each argument, result and item of a stream is then the serializer's bytes, with their
/// count. The format is part of the contract: a client with another one is refused.
/// </para>
/// <para>Any thread, any number at the same time.</para>
/// </remarks>
public abstract class RpcSerializer
{
    /// <summary>Writes a value. An exception ends the call before it is sent, or is that of the service.</summary>
    /// <param name="value">The value; null where the contract allows it.</param>
    /// <param name="destination">Gets the bytes.</param>
    public abstract void Serialize<T>(T value, IBufferWriter<byte> destination);

    /// <summary>Reads a value. An exception means that the bytes are not such a value; the peer's call is refused.</summary>
    /// <param name="source">The bytes, a copy; valid until this returns. The peer sent them, so they may be anything.</param>
    public abstract T Deserialize<T>(ReadOnlySpan<byte> source);
}

/// <summary>Names the format that a serializer writes.</summary>
/// <param name="name">The name: lower-case letters, digits and <c>-</c>. Clients and servers compare it.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RpcFormatAttribute(string name) : Attribute
{
    /// <summary>The name of the format.</summary>
    public string Name { get; } = name;
}
