using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Fairlead.Rpc.Generator;

/// <summary>The errors and warnings of the generator. docs/diagnostics has a page for each.</summary>
internal static class Diagnostics
{
    public static readonly DiagnosticDescriptor UnsupportedMember = Error(
        "FLRPC001", "Unsupported member", "'{0}' cannot be called remotely: {1}");

    public static readonly DiagnosticDescriptor UnsupportedType = Error(
        "FLRPC002", "Unsupported type", "'{0}' cannot be marshalled: {1}");

    public static readonly DiagnosticDescriptor MissingCancellationToken = new(
        "FLRPC003",
        "Missing CancellationToken",
        "'{0}' cannot be cancelled: end its parameters with 'CancellationToken cancellationToken = default'",
        "Fairlead.Rpc",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: Help("FLRPC003"));

    public static readonly DiagnosticDescriptor SameName = Error(
        "FLRPC004", "Two members with the same name", "'{0}' stands in the contract twice: members are called by their names");

    public static readonly DiagnosticDescriptor HiddenContract = Error(
        "FLRPC005", "Contract is not public", "'{0}' must be public or internal, not generic, and not within a generic type");

    public static readonly DiagnosticDescriptor UnusableSerializer = Error(
        "FLRPC006", "Unusable serializer", "'{0}' cannot marshal a contract: {1}");

    public static readonly DiagnosticDescriptor MeaninglessOrder = new(
        "FLRPC007",
        "[Ordered] has no effect",
        "[Ordered] of '{0}' has no effect, because '{1}' is [Serial]: the strictest applies to all calls",
        "Fairlead.Rpc",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: Help("FLRPC007"));

    public static readonly DiagnosticDescriptor UnusableName = Error(
        "FLRPC008", "Unusable name of a contract", "'{0}' cannot be the name of a contract: {1}");

    public static readonly DiagnosticDescriptor DerivedType = new(
        "FLRPC009",
        "Derived type cannot travel",
        "'{0}' derives from '{1}' and cannot travel in its place: list it with [RpcUnion] on '{1}', or seal '{1}'",
        "Fairlead.Rpc",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: Help("FLRPC009"));

    public static readonly DiagnosticDescriptor UnusableConverter = Error(
        "FLRPC010", "Unusable converter", "'{0}' cannot convert a type of a contract: {1}");

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Fairlead.Rpc", DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Help(id));

    // An absolute address, because users of the package have no repository. A test compares it with FairleadUrl of Directory.Build.props.
    private static string Help(string id) => $"https://github.com/fairlead/fairlead/blob/main/docs/diagnostics/{id}.md";
}

/// <summary>A diagnostic by values, to be compared and kept.</summary>
internal sealed record Finding(DiagnosticDescriptor Descriptor, string Path, TextSpan Span, LinePositionSpan Lines, string One, string Two)
{
    public static Finding At(ISymbol symbol, DiagnosticDescriptor descriptor, string one, string two = "")
    {
        return At(symbol.Locations.FirstOrDefault(), descriptor, one, two);
    }

    public static Finding At(Location? location, DiagnosticDescriptor descriptor, string one, string two)
    {
        Location place = location ?? Location.None;
        return new Finding(descriptor, place.SourceTree?.FilePath ?? "", place.SourceSpan, place.GetLineSpan().Span, one, two);
    }

    public Diagnostic ToDiagnostic(Compilation compilation)
    {
        SyntaxTree? tree = Path.Length == 0 ? null : compilation.SyntaxTrees.FirstOrDefault(tree => tree.FilePath == Path);
        Location place = tree is not null && Span.End <= tree.Length ? Location.Create(tree, Span)
            : Path.Length > 0 ? Location.Create(Path, Span, Lines)
            : Location.None;
        return Diagnostic.Create(Descriptor, place, One, Two);
    }
}
