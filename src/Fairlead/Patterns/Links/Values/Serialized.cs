using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fairlead.Patterns.Links.Values;

/// <summary>A serialized value, in reused memory of this thread. Valid until disposed.</summary>
internal readonly ref struct Serialized
{
    private const int LargestKept = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _free;

    [ThreadStatic]
    private static Utf8JsonWriter? _freeJson;

    private readonly ArrayBufferWriter<byte> _writer;

    private Serialized(ArrayBufferWriter<byte> writer) => _writer = writer;

    public ReadOnlySpan<byte> Span => _writer.WrittenSpan;

    /// <summary>Returns the UTF-8 bytes of a text.</summary>
    public static Serialized Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArrayBufferWriter<byte> writer = Rent();
        Encoding.UTF8.GetBytes(text, writer);
        return new Serialized(writer);
    }

    public static Serialized Of<T>(T value, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        ArrayBufferWriter<byte> writer = Rent();
        serializer.Serialize(value, writer);
        return new Serialized(writer);
    }

    public static Serialized Of<T>(T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArrayBufferWriter<byte> writer = Rent();
        JavaScriptEncoder? encoder = type.Options.Encoder;
        Utf8JsonWriter json = _freeJson is { } free && free.Options.Encoder == encoder
            ? free
            : new Utf8JsonWriter(writer, new JsonWriterOptions { Encoder = encoder });
        _freeJson = null;
        json.Reset(writer);
        JsonSerializer.Serialize(json, value, type);
        json.Flush();
        _freeJson = json;
        return new Serialized(writer);
    }

    public void Dispose()
    {
        if (_writer.Capacity <= LargestKept)
        {
            _writer.ResetWrittenCount();
            _free = _writer;
        }
    }

    private static ArrayBufferWriter<byte> Rent()
    {
        ArrayBufferWriter<byte> writer = _free ?? new ArrayBufferWriter<byte>(256);
        _free = null;
        return writer;
    }
}
