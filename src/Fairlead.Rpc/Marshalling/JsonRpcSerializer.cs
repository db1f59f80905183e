using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Fairlead.Rpc;

/// <summary>Marshals the values of a contract as JSON, without reflection.</summary>
/// <remarks>
/// <code>
/// [JsonSerializable(typeof(Order))]
/// internal sealed partial class ShopContext : JsonSerializerContext;
///
/// internal sealed class ShopJson() : JsonRpcSerializer(ShopContext.Default);
///
/// [RpcContract(Serializer = typeof(ShopJson))]
/// public interface IShop { … }
/// </code>
/// The context lists each type of a parameter, a result and an item of a stream. Its options decide which characters are escaped,
/// and what a reader makes of properties that are missing or unknown.
/// </remarks>
/// <param name="context">The types, by the source generator of System.Text.Json.</param>
[RpcFormat("json")]
public abstract class JsonRpcSerializer(JsonSerializerContext context) : RpcSerializer
{
    private readonly JsonSerializerContext _context = context ?? throw new ArgumentNullException(nameof(context));

    /// <inheritdoc/>
    public sealed override void Serialize<T>(T value, IBufferWriter<byte> destination)
    {
        JsonTypeInfo<T> type = TypeOf<T>();
        using Utf8JsonWriter writer = new(destination, new JsonWriterOptions { Encoder = type.Options.Encoder });
        JsonSerializer.Serialize(writer, value, type);
    }

    /// <inheritdoc/>
    public sealed override T Deserialize<T>(ReadOnlySpan<byte> source) => JsonSerializer.Deserialize(source, TypeOf<T>())!;

    private JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>?)_context.GetTypeInfo(typeof(T))
        ?? throw new FairleadException(
            ErrorCode.NotSupported,
            $"{_context.GetType().Name} does not know {typeof(T)}",
            $"Add [JsonSerializable(typeof({typeof(T).Name}))] to it.");
}
