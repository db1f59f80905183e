using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Reads the converters where their attributes stand: on an assembly or an interface.</summary>
internal static class ConverterReader
{
    /// <summary>Returns what is wrong with them.</summary>
    /// <param name="place">The assembly or the interface.</param>
    /// <param name="attributes">Those that stand in one file.</param>
    public static EquatableArray<Finding> Read(ISymbol place, ImmutableArray<AttributeData> attributes)
    {
        ISymbol at = place is IAssemblySymbol { GlobalNamespace: var all } ? all : place;
        Converters converters = place is INamedTypeSymbol contract ? Converters.Of(contract) : Converters.Of((IAssemblySymbol)place);
        ImmutableArray<Finding>.Builder findings = ImmutableArray.CreateBuilder<Finding>();
        foreach (Converters.Wrong wrong in converters.Unusable.Where(wrong => attributes.Contains(wrong.Attribute)))
        {
            findings.Add(wrong.ToFinding());
        }

        foreach (Converter one in converters.All.Where(one => attributes.Contains(one.Attribute)))
        {
            List<Finding> ofParts = [];
            _ = new Marshalling(ofParts, converters).Read(one.Parts, "reader", at);
            if (ofParts.FirstOrDefault(static found => found.Descriptor.DefaultSeverity == DiagnosticSeverity.Error) is { } first)
            {
                string objection = $"'{first.One}' cannot be marshalled: {first.Two}";
                findings.Add(new Converters.Wrong(one.Attribute, one.Class, objection).ToFinding());
            }
        }

        return new EquatableArray<Finding>(findings.ToImmutable());
    }
}
