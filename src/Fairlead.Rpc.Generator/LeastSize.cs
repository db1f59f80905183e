using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The bytes that a value of a type takes on the wire at least: a count beyond what they allow is refused.</summary>
internal static class LeastSize
{
    /// <summary>Returns 1 or more.</summary>
    public static int Of(ITypeSymbol type, Converters converters) => Math.Max(1, Of(type, converters, 0));

    private static int Of(ITypeSymbol type, Converters converters, int depth)
    {
        TypeForm form = TypeForm.From(type, converters);
        return form.Kind switch
        {
            FormKind.Simple => OfSimple(type),
            FormKind.Enum => OfSimple(form.Of),
            FormKind.Converted => Of(form.Of, converters, depth),
            FormKind.Composite when depth < Marshalling.MaxDepth && CompositeType.Read(type) is { } composite =>
                composite.CanGrow ? 4 : composite.Parts.Sum(part => Of(part.Type, converters, depth + 1)),

            // A count, a length or a mark of null.
            _ => 1,
        };
    }

    private static int OfSimple(ITypeSymbol type) => TypeForm.SimpleOf(type).Method switch
    {
        "Int16" or "UInt16" or "Char" or "Half" => 2,
        "Int32" or "UInt32" or "Single" or "DateOnly" => 4,
        "Int64" or "UInt64" or "Double" or "TimeOnly" or "TimeSpan" => 8,
        "DateTime" => 9,
        "DateTimeOffset" => 10,
        "Int128" or "UInt128" or "Decimal" or "Guid" => 16,
        _ => 1,
    };
}
