using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Fairlead.NamedHandles.Generator;

/// <summary>Finds the calls that go to Fairlead, and reads what the generated code needs to know of them.</summary>
internal static class CallReader
{
    private static readonly Switches All = new(true, true, true, true, true);

    private static readonly SymbolDisplayFormat Written = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Returns whether a node is a call that may be one: by its name alone, because this is asked of every node.</summary>
    public static bool IsCandidate(SyntaxNode node) => node is InvocationExpressionSyntax call
        && NameOf(call.Expression) is { } name
        && PlatformMethods.MayBe(name);

    /// <summary>Reads a call; null: it does not go to Fairlead.</summary>
    public static InterceptedCall? Read(GeneratorSyntaxContext found, CancellationToken cancellationToken)
    {
        InvocationExpressionSyntax call = (InvocationExpressionSyntax)found.Node;
        SemanticModel model = found.SemanticModel;
        if (model.GetSymbolInfo(call, cancellationToken).Symbol is not IMethodSymbol method
            || PlatformMethods.CounterpartOf(method, All) is not { } type
            || IsUnnamedMap(call, method, model, cancellationToken)
            || model.Compilation.GetTypeByMetadataName(type) is not { } counterpart
            || !PlatformMethods.Has(counterpart, method)
            || model.GetInterceptableLocation(call, cancellationToken) is not { } location)
        {
            return null;
        }

        FileLinePositionSpan place = call.GetLocation().GetLineSpan();
        return new(
            MethodOf(method, type),
            location.GetInterceptsLocationAttributeSyntax(),
            FormattableString.Invariant($"{Path.GetFileName(place.Path)}:{place.StartLinePosition.Line + 1}"));
    }

    private static string? NameOf(ExpressionSyntax called) => called switch
    {
        MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax member => member.Name.Identifier.ValueText,
        SimpleNameSyntax name => name.Identifier.ValueText,
        _ => null,
    };

    // A map whose name is written as null is the platform's own.
    private static bool IsUnnamedMap(
        InvocationExpressionSyntax call, IMethodSymbol method, SemanticModel model, CancellationToken cancellationToken)
    {
        int position = method.Parameters.TakeWhile(static parameter => parameter.Name != PlatformMethods.MapName).Count();
        if (position == method.Parameters.Length)
        {
            return false;
        }

        SeparatedSyntaxList<ArgumentSyntax> arguments = call.ArgumentList.Arguments;
        ArgumentSyntax? named = arguments.FirstOrDefault(
            static argument => argument.NameColon?.Name.Identifier.ValueText == PlatformMethods.MapName);
        ArgumentSyntax? name = named ?? (position < arguments.Count ? arguments[position] : null);
        return name is not null
            && (named is not null || name.NameColon is null)
            && model.GetConstantValue(name.Expression, cancellationToken) is { HasValue: true, Value: null };
    }

    private static InterceptedMethod MethodOf(IMethodSymbol method, string type)
    {
        string[] own = [.. method.Parameters.Select(static parameter => $"{parameter.Type.ToDisplayString(Written)} {parameter.Name}")];
        string[] names = [.. method.Parameters.Select(static parameter => parameter.Name)];
        return new(
            type,
            method.Name,
            method.ReturnType.ToDisplayString(Written),
            string.Join(", ", method.IsStatic ? own : [$"this {method.ContainingType.ToDisplayString(Written)} self", .. own]),
            string.Join(", ", method.IsStatic ? names : ["self", .. names]));
    }
}
