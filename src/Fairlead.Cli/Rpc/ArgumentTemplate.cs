using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fairlead.Cli.Rpc;

/// <summary>Makes sample arguments of a member in JSON, to be edited and passed to <c>fairlead call</c>.</summary>
internal static class ArgumentTemplate
{
    private static readonly Dictionary<string, Func<JsonNode?>> Samples = new(StringComparer.Ordinal)
    {
        ["bool"] = static () => false,
        ["char"] = static () => "a",
        ["text"] = static () => "text",
        ["text?"] = static () => "text",
        ["guid"] = static () => "00000000-0000-0000-0000-000000000000",
        ["time"] = static () => "2026-01-31T12:00:00Z",
        ["time+offset"] = static () => "2026-01-31T12:00:00+01:00",
        ["date"] = static () => "2026-01-31",
        ["time-of-day"] = static () => "12:00:00",
        ["span"] = static () => "PT1S",
        ["bytes"] = static () => "AA==",
        ["uri"] = static () => "https://example.org/",
        ["version"] = static () => "1.0.0",
        ["ip"] = static () => "127.0.0.1",
        ["endpoint"] = static () => "127.0.0.1:80",
    };

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns <see cref="Of"/> as text.</summary>
    public static string TextOf(MemberCall member)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter writer = new(text, Indented))
        {
            Of(member).WriteTo(writer);
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Returns an object by the names of the parameters, or an array by their order if the names are not known.</summary>
    /// <remarks>Streams and objects that are called back are no arguments: items come from stdin, and callbacks are printed.</remarks>
    public static JsonNode Of(MemberCall member)
    {
        IEnumerable<int> values = Enumerable.Range(0, member.Shape.Parameters.Count)
            .Where(i => member.Shape.Parameters[i] is not (StreamShape or CallbackShape or OptionalShape { Inner: CallbackShape }));
        return member.Parameters is { } named
            ? new JsonObject(values.Select(i => KeyValuePair.Create(named[i].Name, Sample(member.Shape.Parameters[i], []))))
            : new JsonArray([.. values.Select(i => Sample(member.Shape.Parameters[i], []))]);
    }

    /// <param name="shape">The form of the value.</param>
    /// <param name="around">The types around it: a value of one of them is not repeated within.</param>
    private static JsonNode? Sample(Shape shape, List<Shape> around)
    {
        switch (shape)
        {
            case SimpleShape simple:
                return Samples.TryGetValue(simple.Name, out Func<JsonNode?>? sample) ? sample() : 0;
            case EnumShape named:
                return named.NameOf(0) ?? named.FirstName ?? (JsonNode)0;
            case OptionalShape { Inner: RecursiveShape }:
                return null;
            case OptionalShape optional:
                return Sample(optional.Inner, around);
            case ListShape { Element: RecursiveShape or OptionalShape { Inner: RecursiveShape } }:
                return new JsonArray();
            case ListShape list:
                return new JsonArray(Sample(list.Element, around));
            case MapShape { Value: RecursiveShape or OptionalShape { Inner: RecursiveShape } } map:
                return map.IsObject ? new JsonObject() : new JsonArray();
            case MapShape map:
                return map.IsObject
                    ? new JsonObject([KeyValuePair.Create("key", Sample(map.Value, around))])
                    : new JsonArray(new JsonArray(Sample(map.Key, around), Sample(map.Value, around)));
            case TupleShape tuple:
                return new JsonArray([.. tuple.Parts.Select(part => Sample(part, Behind(around, tuple)))]);
            case CompositeShape composite:
                return Parts(composite.Parts, Behind(around, composite));
            case NumberedShape numbered:
                return Parts(numbered.Parts.Values, Behind(around, numbered));
            case UnionShape union:
                return Case(union, around);
            case RecursiveShape recursive:
                // Only through a case of a union that has others: the first that does not lead back is taken there.
                return around.Count(one => one == recursive.Target) > 1 ? null : Sample(recursive.Target, around);
            default:
                return null;
        }
    }

    private static JsonObject Parts(IEnumerable<ShapePart> parts, List<Shape> around) =>
        new(parts.Select(part => KeyValuePair.Create(part.Name, Sample(part.Shape, around))));

    private static JsonObject Case(UnionShape union, List<Shape> around)
    {
        ShapePart[] cases = [.. union.Cases.OrderBy(static one => one.Key).Select(static one => one.Value)];
        ShapePart chosen = cases.FirstOrDefault(one => !LeadsTo(one.Shape, union)) ?? cases[0];
        JsonObject parts = Sample(UnionShape.TypeOf(chosen.Shape)!, Behind(around, union)) as JsonObject ?? [];
        parts.Insert(0, UnionShape.TypeName, chosen.Name);
        return parts;
    }

    // Whether a value of this form must contain one of that type.
    private static bool LeadsTo(Shape shape, Shape target) => shape switch
    {
        RecursiveShape recursive => recursive.Target == target,
        CompositeShape composite => composite.Parts.Any(part => LeadsTo(part.Shape, target)),
        TupleShape tuple => tuple.Parts.Any(part => LeadsTo(part, target)),
        _ => false,
    };

    private static List<Shape> Behind(List<Shape> around, Shape shape) => [.. around, shape];
}
