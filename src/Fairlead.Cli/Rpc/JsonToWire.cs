using System.Globalization;
using System.Text;
using System.Text.Json;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Marshals a JSON value as its shape says. An error names the place in the JSON and what belongs there.</summary>
/// <param name="path">The place of the first value; null: the beginning.</param>
internal sealed class JsonToWire(JsonPath? path = null)
{
    private const int MaxShown = 40;
    private int _depth;

    /// <summary>The place of the value that is being written.</summary>
    public JsonPath Path { get; } = path ?? new JsonPath();

    /// <summary>Writes a value.</summary>
    /// <exception cref="ToolException">Usage: it does not fit.</exception>
    public void Write(ref RpcWriter writer, Shape shape, JsonElement value)
    {
        switch (shape)
        {
            case SimpleShape simple:
                WriteSimple(ref writer, simple, value);
                break;
            case EnumShape named:
                WriteEnum(ref writer, named, value);
                break;
            case OptionalShape optional:
                bool exists = value.ValueKind != JsonValueKind.Null;
                writer.WriteBoolean(exists);
                if (exists)
                {
                    Write(ref writer, optional.Inner, value);
                }

                break;
            case RecursiveShape recursive:
                Write(ref writer, recursive.Target, value);
                break;
            case UnionShape union:
                WriteUnion(ref writer, union, value);
                break;
            case SerializedShape { IsJson: true }:
                writer.WriteBytes(Encoding.UTF8.GetBytes(value.GetRawText()));
                break;
            case SerializedShape serialized:
                byte[]? bytes = null;
                bool areBytes = value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out bytes);
                writer.WriteBytes(areBytes ? bytes : throw Wrong(value, serialized.Words));
                break;
            default:
                WriteNested(ref writer, shape, value);
                break;
        }
    }

    /// <summary>Sorts the properties of an object by the names that are wanted; exact, or in another case.</summary>
    /// <param name="value">The object.</param>
    /// <param name="names">The names.</param>
    /// <param name="what">The words for a property with one of the names.</param>
    /// <param name="ignored">A property that has been read already; null: none.</param>
    /// <returns>A value, or null, for each name.</returns>
    /// <exception cref="ToolException">Usage: a property is unknown, or there twice.</exception>
    public JsonElement?[] Sort(JsonElement value, string[] names, string what, string? ignored = null)
    {
        JsonElement?[] sorted = new JsonElement?[names.Length];
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string name = Text(property);
            if (name == ignored)
            {
                continue;
            }

            int at = Array.IndexOf(names, name);
            if (at < 0 && names.Count(one => one.Equals(name, StringComparison.OrdinalIgnoreCase)) == 1)
            {
                at = Array.FindIndex(names, one => one.Equals(name, StringComparison.OrdinalIgnoreCase));
            }

            if (at < 0)
            {
                string all = names.Length == 0 ? "There is none" : $"There is {string.Join(", ", names)}";
                throw ToolException.Usage($"{Path}: '{name}' is not {what}. {all}");
            }

            if (sorted[at] is not null)
            {
                throw ToolException.Usage($"{Path}: '{name}' is there twice");
            }

            sorted[at] = property.Value;
        }

        return sorted;
    }

    /// <summary>A value for an error.</summary>
    public static string Cut(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length > MaxShown ? $"{text[..MaxShown]}…" : text;
    }

    private void WriteUnion(ref RpcWriter writer, UnionShape union, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty(UnionShape.TypeName, out JsonElement named)
            || named.ValueKind != JsonValueKind.String)
        {
            throw Wrong(value, union.Words);
        }

        string name = Text(named);
        KeyValuePair<int, ShapePart>[] found = [.. union.Cases.Where(one => one.Value.Name == name)];
        if (found.Length == 0)
        {
            throw ToolException.Usage($"{Path}: '{name}' is not a case of this value. There is {union.Names}");
        }

        writer.WriteCount(found[0].Key);
        WriteNested(ref writer, UnionShape.TypeOf(found[0].Value.Shape)!, value, UnionShape.TypeName);
    }

    private void WriteNested(ref RpcWriter writer, Shape shape, JsonElement value, string? ignored = null)
    {
        if (++_depth > ShapeParser.MaxDepth)
        {
            throw ToolException.Usage($"{Path}: a value is nested deeper than {ShapeParser.MaxDepth} levels");
        }

        writer.Enter();
        switch (shape)
        {
            case ListShape list:
                WriteList(ref writer, list, Elements(shape, value));
                break;
            case MapShape map:
                WriteMap(ref writer, map, value);
                break;
            case TupleShape tuple:
                JsonElement parts = Elements(shape, value, tuple.Parts.Count);
                for (int i = 0; i < tuple.Parts.Count; i++)
                {
                    WriteAt(ref writer, tuple.Parts[i], parts[i], i);
                }

                break;
            case CompositeShape composite:
                WriteComposite(ref writer, composite, value, ignored);
                break;
            case NumberedShape numbered:
                WriteNumbered(ref writer, numbered, value, ignored);
                break;
            default:
                throw ToolException.Usage($"{Path}: {shape.Words} cannot be written in JSON");
        }

        writer.Leave();
        _depth--;
    }

    private void WriteList(ref RpcWriter writer, ListShape list, JsonElement elements)
    {
        writer.WriteCount(elements.GetArrayLength());
        int at = 0;
        foreach (JsonElement element in elements.EnumerateArray())
        {
            WriteAt(ref writer, list.Element, element, at++);
        }
    }

    private void WriteMap(ref RpcWriter writer, MapShape map, JsonElement value)
    {
        if (map.IsObject && value.ValueKind == JsonValueKind.Object)
        {
            writer.WriteCount(value.EnumerateObject().Count());
            foreach (JsonProperty property in value.EnumerateObject())
            {
                string key = Text(property);
                writer.WriteString(key);
                Path.Enter(key);
                Write(ref writer, map.Value, property.Value);
                Path.Leave();
            }

            return;
        }

        JsonElement pairs = Elements(map, value);
        writer.WriteCount(pairs.GetArrayLength());
        int at = 0;
        foreach (JsonElement pair in pairs.EnumerateArray())
        {
            Path.Enter(at++);
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2)
            {
                throw Wrong(pair, "a pair, [KEY, VALUE]");
            }

            WriteAt(ref writer, map.Key, pair[0], 0);
            WriteAt(ref writer, map.Value, pair[1], 1);
            Path.Leave();
        }
    }

    private void WriteComposite(ref RpcWriter writer, CompositeShape composite, JsonElement value, string? ignored)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(value, composite.Words);
        }

        JsonElement?[] parts = Sort(value, [.. composite.Parts.Select(static part => part.Name)], "a part of this value", ignored);
        for (int i = 0; i < parts.Length; i++)
        {
            ShapePart part = composite.Parts[i];
            Path.Enter(part.Name);
            if (parts[i] is { } found)
            {
                Write(ref writer, part.Shape, found);
            }
            else if (part.Shape is OptionalShape)
            {
                writer.WriteBoolean(false);
            }
            else if (part.Shape is SimpleShape { Name: "text?" })
            {
                writer.WriteStringOrNull(null);
            }
            else
            {
                throw ToolException.Usage($"{Path}: is missing, {part.Shape.Words} ({Cut(part.Shape)})");
            }

            Path.Leave();
        }
    }

    // A part that is not there is not sent: the reader leaves it at its default.
    private void WriteNumbered(ref RpcWriter writer, NumberedShape numbered, JsonElement value, string? ignored)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(value, numbered.Words);
        }

        KeyValuePair<int, ShapePart>[] known = [.. numbered.Parts];
        JsonElement?[] parts = Sort(value, [.. known.Select(static part => part.Value.Name)], "a part of this value", ignored);
        int whole = writer.BeginLength();
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] is not { } found)
            {
                continue;
            }

            Path.Enter(known[i].Value.Name);
            writer.WriteCount(known[i].Key);
            int start = writer.BeginLength();
            Write(ref writer, known[i].Value.Shape, found);
            writer.EndLength(start);
            Path.Leave();
        }

        writer.EndLength(whole);
    }

    /// <summary>Writes an element of an array.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public void WriteAt(ref RpcWriter writer, Shape shape, JsonElement value, int index)
    {
        Path.Enter(index);
        Write(ref writer, shape, value);
        Path.Leave();
    }

    private JsonElement Elements(Shape shape, JsonElement value, int? count = null) =>
        value.ValueKind == JsonValueKind.Array && (count is null || value.GetArrayLength() == count)
            ? value
            : throw Wrong(value, shape.Words);

    private void WriteSimple(ref RpcWriter writer, SimpleShape shape, JsonElement value)
    {
        bool fits;
        try
        {
            fits = SimpleToWire.TryWrite(ref writer, shape.Name, value);
        }
        catch (InvalidOperationException)
        {
            throw ToolException.Usage($"{Path}: {Cut(value)} is not valid Unicode");
        }

        if (!fits)
        {
            throw Wrong(value, $"{shape.Words} ({shape})");
        }
    }

    private void WriteEnum(ref RpcWriter writer, EnumShape shape, JsonElement value)
    {
        string? text = value.ValueKind == JsonValueKind.String ? Text(value) : null;
        if (text is not null && shape.TryParse(text, out ulong bits))
        {
            shape.Write(ref writer, bits);
        }
        else if (!SimpleToWire.TryWrite(ref writer, shape.Integer.Name, value))
        {
            throw Wrong(value, $"{shape.Words} ({shape}). {shape.Names}");
        }
    }

    private string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ToolException.Usage($"{Path}: {Cut(value)} is not valid Unicode");
        }
    }

    private string Text(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw ToolException.Usage($"{Path}: the name of a property is not valid Unicode");
        }
    }

    private static string Cut(Shape shape)
    {
        string text = $"{shape}";
        return text.Length > MaxShown ? $"{text[..MaxShown]}…" : text;
    }

    private ToolException Wrong(JsonElement value, string wanted) => ToolException.Usage($"{Path}: {Cut(value)} is not {wanted}");
}
