using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text.Json;
using Fairlead.Cli.Input;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Marshals the values without parts from JSON.</summary>
internal static class SimpleToWire
{
    /// <summary>Writes a value; false: it is none of this shape, and what was written has no meaning.</summary>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static bool TryWrite(ref RpcWriter writer, string shape, JsonElement value)
    {
        bool isText = value.ValueKind == JsonValueKind.String;
        switch (shape)
        {
            case "bool":
                writer.WriteBoolean(value.ValueKind == JsonValueKind.True);
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
            case "char":
                bool isLetter = TryLetter(value, out char letter);
                writer.WriteChar(letter);
                return isLetter;
            case "text":
                writer.WriteString(isText ? value.GetString()! : "");
                return isText;
            case "text?":
                writer.WriteStringOrNull(isText ? value.GetString() : null);
                return isText || value.ValueKind == JsonValueKind.Null;
            case "bytes":
                byte[]? bytes = null;
                bool areBytes = isText && value.TryGetBytesFromBase64(out bytes);
                writer.WriteBytes(bytes);
                return areBytes;
            case "f16" or "f32" or "f64":
                return TryWriteFraction(ref writer, shape, value);
            case "uri" or "version" or "ip" or "endpoint":
                return isText && TryWriteName(ref writer, shape, value.GetString()!);
            case "guid" or "time" or "time+offset" or "date" or "time-of-day" or "span":
                return isText && TryWriteInText(ref writer, shape, value);
            default:
                return TryWriteNumber(ref writer, shape, value);
        }
    }

    // A half of a character that UTF-16 writes in two is a number.
    private static bool TryLetter(JsonElement value, out char letter)
    {
        ushort unit = 0;
        bool isUnit = value.ValueKind == JsonValueKind.Number && value.TryGetUInt16(out unit);
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        letter = text.Length == 1 ? text[0] : (char)unit;
        return isUnit || text.Length == 1;
    }

    // Integers are JSON numbers; those that other programs round may also be texts.
    private static bool TryWriteNumber(ref RpcWriter writer, string shape, JsonElement value)
    {
        bool mayBeText = shape is "i64" or "u64" or "i128" or "u128" or "integer" or "decimal";
        string text = value.ValueKind == JsonValueKind.Number ? value.GetRawText()
            : mayBeText && value.ValueKind == JsonValueKind.String ? value.GetString()!
            : "";
        if (shape == "decimal")
        {
            bool isDecimal = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number);
            writer.WriteDecimal(number);
            return isDecimal;
        }

        return BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger integer)
            && TryWriteInteger(ref writer, shape, integer);
    }

    private static bool TryWriteInteger(ref RpcWriter writer, string shape, BigInteger value)
    {
        switch (shape)
        {
            case "u8" when Fits(value, byte.MinValue, byte.MaxValue):
                writer.WriteByte((byte)value);
                return true;
            case "i8" when Fits(value, sbyte.MinValue, sbyte.MaxValue):
                writer.WriteSByte((sbyte)value);
                return true;
            case "u16" when Fits(value, ushort.MinValue, ushort.MaxValue):
                writer.WriteUInt16((ushort)value);
                return true;
            case "i16" when Fits(value, short.MinValue, short.MaxValue):
                writer.WriteInt16((short)value);
                return true;
            case "u32" when Fits(value, uint.MinValue, uint.MaxValue):
                writer.WriteUInt32((uint)value);
                return true;
            case "i32" when Fits(value, int.MinValue, int.MaxValue):
                writer.WriteInt32((int)value);
                return true;
            case "u64" when Fits(value, ulong.MinValue, ulong.MaxValue):
                writer.WriteUInt64((ulong)value);
                return true;
            case "i64" when Fits(value, long.MinValue, long.MaxValue):
                writer.WriteInt64((long)value);
                return true;
            case "u128" when Fits(value, UInt128.MinValue, UInt128.MaxValue):
                writer.WriteUInt128((UInt128)value);
                return true;
            case "i128" when Fits(value, Int128.MinValue, Int128.MaxValue):
                writer.WriteInt128((Int128)value);
                return true;
            case "integer":
                writer.WriteBigInteger(value);
                return true;
            default:
                return false;
        }
    }

    private static bool Fits(BigInteger value, BigInteger least, BigInteger most) => value >= least && value <= most;

    // Numbers that JSON lacks are the texts "NaN", "Infinity" and "-Infinity".
    private static bool TryWriteFraction(ref RpcWriter writer, string shape, JsonElement value)
    {
        string? named = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        bool isNamed = named is "NaN" or "Infinity" or "-Infinity";
        string text = isNamed ? named! : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : "";
        bool fits;
        switch (shape)
        {
            case "f16":
                fits = Half.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out Half half)
                    && (isNamed || Half.IsFinite(half));
                writer.WriteHalf(half);
                break;
            case "f32":
                fits = float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float single)
                    && (isNamed || float.IsFinite(single));
                writer.WriteSingle(single);
                break;
            default:
                fits = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                    && (isNamed || double.IsFinite(number));
                writer.WriteDouble(number);
                break;
        }

        return fits;
    }

    private static bool TryWriteName(ref RpcWriter writer, string shape, string text)
    {
        bool fits = shape switch
        {
            "uri" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
            "version" => Version.TryParse(text, out _),
            "ip" => IPAddress.TryParse(text, out _),
            _ => IPEndPoint.TryParse(text, out _),
        };
        writer.WriteString(text);
        return fits;
    }

    private static bool TryWriteInText(ref RpcWriter writer, string shape, JsonElement value)
    {
        string text = value.GetString()!;
        switch (shape)
        {
            case "guid":
                bool isGuid = Guid.TryParse(text, out Guid guid);
                writer.WriteGuid(guid);
                return isGuid;
            case "time":
                bool isTime = value.TryGetDateTime(out DateTime time);
                writer.WriteDateTime(time);
                return isTime;
            case "time+offset":
                bool isOffset = value.TryGetDateTimeOffset(out DateTimeOffset offset);
                writer.WriteDateTimeOffset(offset);
                return isOffset;
            case "date":
                bool isDate = DateOnly.TryParseExact(text, "yyyy-MM-dd", out DateOnly date);
                writer.WriteDateOnly(date);
                return isDate;
            case "time-of-day":
                bool isClock = TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"], out TimeOnly clock);
                writer.WriteTimeOnly(clock);
                return isClock;
            default:
                bool isSpan = IsoDuration.TryParse(text, out TimeSpan span)
                    || TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out span)
                    || (DurationText.TryParse(text, out span) && text != "infinite");
                writer.WriteTimeSpan(span);
                return isSpan;
        }
    }
}
