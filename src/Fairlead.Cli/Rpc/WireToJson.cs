using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Unmarshals a value as its shape says, and writes it as one line of JSON.</summary>
/// <remarks>
/// The bytes and the shape are another program's: counts of parts without bytes, and long names, multiply. Both are limited.
/// </remarks>
internal sealed class WireToJson : IDisposable
{
    // A value that is longer is not meant to be read: its digits take a time that grows with their square.
    private const int MostIntegerBytes = 64 * 1024;
    private const int OutputFactor = 64;
    private const int LeastOutput = 64 << 20;

    private static readonly JsonDocumentOptions Serialized = new() { MaxDepth = ShapeParser.MaxDepth };

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Utf8JsonWriter _json;
    private readonly long _mostOutput;
    private long _valuesLeft;

    private WireToJson(int bytes)
    {
        _mostOutput = Math.Min(LeastOutput + ((long)bytes * OutputFactor), Array.MaxLength / 4);
        _valuesLeft = ((long)bytes * OutputFactor) + ShapeParser.MaxLength;
        _json = new Utf8JsonWriter(
            _output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>Reads a value.</summary>
    /// <returns>The JSON, without a newline.</returns>
    /// <exception cref="ToolException">The value exceeds what the tool prints.</exception>
    /// <exception cref="FormatException">The bytes do not fit the shape.</exception>
    public static ReadOnlyMemory<byte> Read(ref RpcReader reader, Shape shape)
    {
        using WireToJson conversion = new(reader.Left);
        conversion.Write(ref reader, shape);
        conversion._json.Flush();
        return conversion._output.WrittenMemory;
    }

    public void Dispose() => _json.Dispose();

    // Written anew: another program's JSON may have lines, or be none.
    private void WriteSerialized(byte[] bytes, bool isJson)
    {
        if (!isJson)
        {
            _json.WriteBase64StringValue(bytes);
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, Serialized);
            document.RootElement.WriteTo(_json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter is about half a letter in a text, which the parser leaves alone.
            throw new ToolException(
                ExitCode.Failure, $"a value is not JSON, or is nested deeper than {Serialized.MaxDepth} levels");
        }
    }

    private void Write(ref RpcReader reader, Shape shape)
    {
        if (--_valuesLeft < 0 || _json.BytesCommitted + _json.BytesPending > _mostOutput)
        {
            throw new ToolException(ExitCode.Failure, "the reply grows beyond all measure as JSON, and is not printed");
        }

        switch (shape)
        {
            case SimpleShape simple:
                WriteSimple(ref reader, simple.Name);
                break;
            case EnumShape named:
                WriteEnum(named, named.Read(ref reader));
                break;
            case OptionalShape optional:
                if (reader.ReadBoolean())
                {
                    Write(ref reader, optional.Inner);
                }
                else
                {
                    _json.WriteNullValue();
                }

                break;
            case RecursiveShape recursive:
                Write(ref reader, recursive.Target);
                break;
            case UnionShape union:
                WriteUnion(ref reader, union);
                break;
            case SerializedShape serialized:
                WriteSerialized(reader.ReadBytes(), serialized.IsJson);
                break;
            default:
                WriteNested(ref reader, shape);
                break;
        }
    }

    private void WriteEnum(EnumShape shape, ulong bits)
    {
        if (shape.NameOf(bits) is { } name)
        {
            _json.WriteStringValue(name);
        }
        else
        {
            _json.WriteRawValue(shape.NumberOf(bits), skipInputValidation: true);
        }
    }

    private void WriteNested(ref RpcReader reader, Shape shape, string? caseName = null)
    {
        reader.Enter();
        switch (shape)
        {
            case ListShape list:
                _json.WriteStartArray();
                for (int left = reader.ReadCount(); left > 0; left--)
                {
                    Write(ref reader, list.Element);
                }

                _json.WriteEndArray();
                break;
            case MapShape map:
                WriteMap(ref reader, map);
                break;
            case TupleShape tuple:
                _json.WriteStartArray();
                foreach (Shape part in tuple.Parts)
                {
                    Write(ref reader, part);
                }

                _json.WriteEndArray();
                break;
            case CompositeShape composite:
                StartObject(caseName);
                foreach (ShapePart part in composite.Parts)
                {
                    _json.WritePropertyName(part.Name);
                    Write(ref reader, part.Shape);
                }

                _json.WriteEndObject();
                break;
            case NumberedShape numbered:
                WriteNumbered(ref reader, numbered, caseName);
                break;
            default:
                throw new ToolException(ExitCode.Failure, $"a value contains {shape.Words} ({shape}), which is not a value");
        }

        reader.Leave();
    }

    // The depth is counted by the case.
    private void WriteUnion(ref RpcReader reader, UnionShape union)
    {
        int number = reader.ReadNumber();
        if (!union.Cases.TryGetValue(number, out ShapePart? found) || UnionShape.TypeOf(found.Shape) is not { } type)
        {
            throw new ToolException(
                ExitCode.Failure, $"a value has the case {number}, which the description lacks. It has {union.Names}");
        }

        WriteNested(ref reader, type, found.Name);
    }

    private void StartObject(string? caseName)
    {
        _json.WriteStartObject();
        if (caseName is not null)
        {
            _json.WriteString(UnionShape.TypeName, caseName);
        }
    }

    private void WriteMap(ref RpcReader reader, MapShape map)
    {
        int count = reader.ReadCount();
        if (map.IsObject)
        {
            _json.WriteStartObject();
            for (int i = 0; i < count; i++)
            {
                _json.WritePropertyName(reader.ReadString());
                Write(ref reader, map.Value);
            }

            _json.WriteEndObject();
            return;
        }

        _json.WriteStartArray();
        for (int i = 0; i < count; i++)
        {
            _json.WriteStartArray();
            Write(ref reader, map.Key);
            Write(ref reader, map.Value);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
    }

    // Parts of a newer type, which the description does not tell, are shown by their numbers.
    private void WriteNumbered(ref RpcReader reader, NumberedShape numbered, string? caseName)
    {
        StartObject(caseName);
        int whole = reader.BeginLength();
        while (reader.HasMore(whole))
        {
            int number = reader.ReadNumber();
            int rest = reader.BeginLength();
            if (numbered.Parts.TryGetValue(number, out ShapePart? part))
            {
                _json.WritePropertyName(part.Name);
                Write(ref reader, part.Shape);
            }
            else
            {
                byte[] bytes = new byte[reader.Left - rest];
                for (int i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = reader.ReadByte();
                }

                _json.WritePropertyName(number.ToString(CultureInfo.InvariantCulture));
                _json.WriteBase64StringValue(bytes);
            }

            reader.EndLength(rest);
        }

        reader.EndLength(whole);
        _json.WriteEndObject();
    }

    private void WriteSimple(ref RpcReader reader, string name)
    {
        switch (name)
        {
            case "bool":
                _json.WriteBooleanValue(reader.ReadBoolean());
                break;
            case "char":
                WriteLetter(reader.ReadChar());
                break;
            case "text":
                _json.WriteStringValue(reader.ReadString());
                break;
            case "text?":
                _json.WriteStringValue(reader.ReadStringOrNull());
                break;
            case "bytes":
                _json.WriteBase64StringValue(reader.ReadBytes());
                break;
            case "uri":
                _json.WriteStringValue(reader.ReadUri().OriginalString);
                break;
            case "version":
                _json.WriteStringValue($"{reader.ReadVersion()}");
                break;
            case "ip":
                _json.WriteStringValue($"{reader.ReadIPAddress()}");
                break;
            case "endpoint":
                _json.WriteStringValue($"{reader.ReadIPEndPoint()}");
                break;
            case "guid":
                _json.WriteStringValue(reader.ReadGuid());
                break;
            case "time":
                _json.WriteStringValue(reader.ReadDateTime());
                break;
            case "time+offset":
                _json.WriteStringValue(reader.ReadDateTimeOffset());
                break;
            case "date":
                _json.WriteStringValue(reader.ReadDateOnly().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                break;
            case "time-of-day":
                _json.WriteStringValue(reader.ReadTimeOnly().ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture));
                break;
            case "span":
                _json.WriteStringValue(IsoDuration.Format(reader.ReadTimeSpan()));
                break;
            case "f16":
                Half half = reader.ReadHalf();
                WriteFraction(half.ToString(CultureInfo.InvariantCulture), Half.IsFinite(half));
                break;
            case "f32":
                float single = reader.ReadSingle();
                WriteFraction(single.ToString(CultureInfo.InvariantCulture), float.IsFinite(single));
                break;
            case "f64":
                double number = reader.ReadDouble();
                WriteFraction(number.ToString(CultureInfo.InvariantCulture), double.IsFinite(number));
                break;
            default:
                _json.WriteRawValue(Digits(ref reader, name), skipInputValidation: true);
                break;
        }
    }

    private static string Digits(ref RpcReader reader, string name) => name switch
    {
        "u8" => $"{reader.ReadByte()}",
        "i8" => $"{reader.ReadSByte()}",
        "u16" => $"{reader.ReadUInt16()}",
        "i16" => $"{reader.ReadInt16()}",
        "u32" => $"{reader.ReadUInt32()}",
        "i32" => $"{reader.ReadInt32()}",
        "u64" => $"{reader.ReadUInt64()}",
        "i64" => $"{reader.ReadInt64()}",
        "u128" => $"{reader.ReadUInt128()}",
        "i128" => $"{reader.ReadInt128()}",
        "decimal" => reader.ReadDecimal().ToString(CultureInfo.InvariantCulture),
        _ => Integer(reader.ReadBytes()),
    };

    private static string Integer(byte[] bytes) => bytes.Length <= MostIntegerBytes
        ? new BigInteger(bytes).ToString(CultureInfo.InvariantCulture)
        : throw new ToolException(
            ExitCode.Failure, $"the reply holds an integer of {bytes.Length} bytes, and at most {MostIntegerBytes} are printed");

    // A half of a character that UTF-16 writes in two cannot be a text.
    private void WriteLetter(char letter)
    {
        if (char.IsSurrogate(letter))
        {
            _json.WriteNumberValue((int)letter);
        }
        else
        {
            _json.WriteStringValue([letter]);
        }
    }

    private void WriteFraction(string text, bool isFinite)
    {
        if (isFinite)
        {
            _json.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            _json.WriteStringValue(text);
        }
    }
}
