using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>The form of a value on the wire, as the description of a contract tells it: the language of docs/rpc-format.md.</summary>
internal abstract class Shape
{
    /// <summary>The words for a value of this form, for errors: <c>an integer of 32 bits</c>.</summary>
    public abstract string Words { get; }
}

/// <summary>A value without parts.</summary>
/// <param name="name">Its word in the language: <c>i32</c>, <c>text?</c>.</param>
internal sealed class SimpleShape(string name) : Shape
{
    private static readonly Dictionary<string, string> All = new(StringComparer.Ordinal)
    {
        ["bool"] = "true or false",
        ["u8"] = "an integer from 0 to 255",
        ["i8"] = "an integer from -128 to 127",
        ["u16"] = "an integer from 0 to 65535",
        ["i16"] = "an integer from -32768 to 32767",
        ["u32"] = "an integer of 32 bits, 0 or more",
        ["i32"] = "an integer of 32 bits",
        ["u64"] = "an integer of 64 bits, 0 or more",
        ["i64"] = "an integer of 64 bits",
        ["u128"] = "an integer of 128 bits, 0 or more",
        ["i128"] = "an integer of 128 bits",
        ["char"] = "a text of one character",
        ["f16"] = "a number",
        ["f32"] = "a number",
        ["f64"] = "a number",
        ["decimal"] = "a decimal",
        ["integer"] = "an integer",
        ["text"] = "a text",
        ["text?"] = "a text or null",
        ["guid"] = "a GUID, such as \"1c2d3e4f-0000-0000-0000-000000000000\"",
        ["time"] = "a time, such as \"2026-01-31T12:00:00Z\"",
        ["time+offset"] = "a time with its offset, such as \"2026-01-31T12:00:00+01:00\"",
        ["date"] = "a date, such as \"2026-01-31\"",
        ["time-of-day"] = "a time of day, such as \"12:00:00\"",
        ["span"] = "a duration, such as \"PT1H30M\" or \"5s\"",
        ["bytes"] = "bytes in base64",
        ["uri"] = "a URI, such as \"https://example.org/a\"",
        ["version"] = "a version, such as \"1.2.3\"",
        ["ip"] = "an IP address, such as \"10.0.0.1\"",
        ["endpoint"] = "an IP address with a port, such as \"10.0.0.1:80\"",
    };

    public string Name { get; } = name;

    public override string Words => All[Name];

    public static bool Exists(string name) => All.ContainsKey(name);

    public override string ToString() => Name;
}

/// <summary>A value in the format of a serializer: bytes with their count.</summary>
/// <param name="format">The name of the format.</param>
internal sealed class SerializedShape(string format) : Shape
{
    /// <summary>Whether the bytes are JSON, and go through as they are.</summary>
    public bool IsJson => format == "json";

    public override string Words => IsJson ? "any JSON" : $"bytes of the format {format}, in base64";

    public override string ToString() => $"~{format}";
}

/// <summary>A value, or none.</summary>
internal sealed class OptionalShape(Shape inner) : Shape
{
    public Shape Inner { get; } = inner;

    public override string Words => $"{Inner.Words}, or null";

    public override string ToString() => $"{Inner}?";
}

/// <summary>A list, or a set: the bytes are the same.</summary>
internal sealed class ListShape(Shape element, bool isSet) : Shape
{
    public Shape Element { get; } = element;

    public bool IsSet { get; } = isSet;

    public override string Words => "an array";

    public override string ToString() => IsSet ? $"{{{Element}}}" : $"[{Element}]";
}

/// <summary>A dictionary.</summary>
internal sealed class MapShape(Shape key, Shape value) : Shape
{
    public Shape Key { get; } = key;

    public Shape Value { get; } = value;

    /// <summary>Whether it is an object in JSON; otherwise an array of pairs.</summary>
    public bool IsObject => Key is SimpleShape { Name: "text" };

    public override string Words => IsObject ? "an object" : "an array of pairs, each [KEY, VALUE]";

    public override string ToString() => $"{{{Key}={Value}}}";
}

/// <summary>A tuple. Its parts may contain it, through a list.</summary>
internal sealed class TupleShape : Shape
{
    /// <summary>In their order; set when the parser has read them.</summary>
    public IReadOnlyList<Shape> Parts { get; set; } = [];

    public override string Words => $"an array of {Parts.Count}";

    public override string ToString() => $"({string.Join(',', Parts)})";
}

/// <summary>A part of a record, class or struct.</summary>
internal sealed record ShapePart(string Name, Shape Shape)
{
    public override string ToString() => $"{Name}:{Shape}";
}

/// <summary>A record, class or struct. Its parts may refer to it.</summary>
internal sealed class CompositeShape : Shape
{
    /// <summary>In their order; set when the parser has read them.</summary>
    public IReadOnlyList<ShapePart> Parts { get; set; } = [];

    public override string Words =>
        Parts.Count == 0 ? "an object without parts" : $"an object with {string.Join(", ", Parts.Select(static part => part.Name))}";

    public override string ToString() => $"{{{string.Join(',', Parts)}}}";
}

/// <summary>A value of a type within itself.</summary>
/// <param name="outward">Which of the types around it is meant: 1 is the innermost.</param>
/// <param name="target">That type.</param>
internal sealed class RecursiveShape(int outward, Shape target) : Shape
{
    /// <summary>Which of the types around it is meant.</summary>
    public int Outward { get; } = outward;

    public Shape Target { get; } = target;

    public override string Words => Target.Words;

    public override string ToString() => $"^{Outward}";
}

/// <summary>A type with numbered parts, which may grow. Parts may be missing, and there may be others.</summary>
internal sealed class NumberedShape : Shape
{
    /// <summary>By their numbers; set when the parser has read them.</summary>
    public IReadOnlyDictionary<int, ShapePart> Parts { get; set; } = new Dictionary<int, ShapePart>();

    public override string Words => $"an object with any of {string.Join(", ", Parts.Values.Select(static part => part.Name))}";

    public override string ToString() => $"#{{{string.Join(',', Parts.Select(static part => $"{part.Key}:{part.Value}"))}}}";
}

/// <summary>A value of one of several types with parts. Its cases may refer to it.</summary>
internal sealed class UnionShape : Shape
{
    /// <summary>The property of a JSON object that names the case.</summary>
    public const string TypeName = "$type";

    /// <summary>By their numbers; set when the parser has read them.</summary>
    public IReadOnlyDictionary<int, ShapePart> Cases { get; set; } = new Dictionary<int, ShapePart>();

    /// <summary>The names of the cases, for an error.</summary>
    public string Names => string.Join(", ", Cases.Values.Select(static one => one.Name));

    public override string Words => $"an object with \"{TypeName}\", one of {Names}";

    /// <summary>The type of a case: never a union, which could refer to itself without end.</summary>
    public static Shape? TypeOf(Shape shape) => shape switch
    {
        CompositeShape or NumberedShape => shape,
        RecursiveShape { Target: CompositeShape or NumberedShape } recursive => recursive.Target,
        _ => null,
    };

    public override string ToString() => $"|{{{string.Join(',', Cases.Select(static one => $"{one.Key}:{one.Value}"))}}}";
}

/// <summary>A stream of values: a result, or a parameter.</summary>
internal sealed class StreamShape(Shape element) : Shape
{
    public Shape Element { get; } = element;

    public override string Words => "a stream";

    public override string ToString() => $"*{Element}";
}

/// <summary>An object of the caller, which the server calls back: a parameter.</summary>
/// <param name="members">The members of its contract.</param>
/// <param name="isDuringCall">Whether the server calls it only until the call ends.</param>
internal sealed class CallbackShape(IReadOnlyList<CallbackMember> members, bool isDuringCall = false) : Shape
{
    public bool IsDuringCall { get; } = isDuringCall;

    public IReadOnlyList<CallbackMember> Members { get; } = members;

    /// <summary>The contract of the object. Its hash is the server's: that takes names and shapes.</summary>
    public RpcDescription Contract() => new(
        "callback",
        [
            .. Members.Select(static member => new RpcMember(
                member.Name, member.Name, member.Text, member.IsOneWay ? RpcMemberKinds.OneWay : RpcMemberKinds.None)),
        ]);

    public override string Words => "an object that is called back";

    public override string ToString() => $"&{(IsDuringCall ? "call" : "")}{{{string.Join(';', Members)}}}";
}

/// <summary>A member of an object that is called back.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its form.</param>
/// <param name="Text">The form as the description has it.</param>
/// <param name="IsOneWay">Whether the server does not wait for it.</param>
internal sealed record CallbackMember(string Name, MemberShape Shape, string Text, bool IsOneWay)
{
    public override string ToString() => $"{Name}{Text}{(IsOneWay ? "!" : "")}";
}
