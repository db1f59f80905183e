using System.Buffers;

namespace Fairlead;

/// <summary>Converts values to messages and back.</summary>
/// <remarks>
/// <para>JSON needs no serializer: pass a <see cref="System.Text.Json.Serialization.Metadata.JsonTypeInfo{T}"/>.</para>
/// <para>
/// All threads use one instance at the same time. The call that the serializer was passed to throws the serializer's exceptions, and then
/// sends nothing.
/// </para>
/// </remarks>
public interface IMessageSerializer<T>
{
    /// <summary>Writes a value as a message.</summary>
    void Serialize(T value, IBufferWriter<byte> destination);

    /// <summary>Reads a value from a whole message. The memory belongs to the message: do not keep references into it.</summary>
    T Deserialize(ReadOnlySpan<byte> source);
}
