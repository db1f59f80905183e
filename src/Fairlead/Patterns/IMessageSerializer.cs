using System.Buffers;

namespace Fairlead;

/// <summary>
/// Turns values into messages and back. For JSON there is no need of one: pass a
/// <see cref="System.Text.Json.Serialization.Metadata.JsonTypeInfo{T}"/>.
/// </summary>
/// <remarks>
/// One instance serves all threads at once. What it throws comes out of the call that it was passed to; nothing is sent then.
/// </remarks>
public interface IMessageSerializer<T>
{
    /// <summary>Writes the value.</summary>
    void Serialize(T value, IBufferWriter<byte> destination);

    /// <summary>Reads a value out of a whole message. The memory is the message's: nothing of it may be kept.</summary>
    T Deserialize(ReadOnlySpan<byte> source);
}
