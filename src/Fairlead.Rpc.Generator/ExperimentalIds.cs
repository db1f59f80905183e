using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The diagnostics of experimental types and members that generated code names.</summary>
/// <remarks>The compiler has reported each of them in the contract or in a type of it, where a program can suppress it.</remarks>
internal sealed class ExperimentalIds
{
    private readonly SortedSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>The line that suppresses the diagnostics in generated code; empty without any.</summary>
    public string Pragma => _ids.Count == 0 ? "" : $"#pragma warning disable {string.Join(", ", _ids)}\n";

    /// <summary>Adds the diagnostics of a member, and of the types that it names.</summary>
    public void Add(IMethodSymbol method)
    {
        AddOf(method);
        AddType(method.ReturnType);
        foreach (IParameterSymbol parameter in method.Parameters)
        {
            AddType(parameter.Type);
        }
    }

    /// <summary>Adds the diagnostics of a type, of the types of which it is made, and of its members.</summary>
    public void AddType(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol array)
        {
            AddType(array.ElementType);
            return;
        }

        foreach (ITypeSymbol argument in type is INamedTypeSymbol named ? named.TypeArguments : [])
        {
            AddType(argument);
        }

        for (ITypeSymbol? one = type; one is { SpecialType: SpecialType.None }; one = one.BaseType)
        {
            AddOf(one);
            foreach (ISymbol member in one.GetMembers())
            {
                AddOf(member);
            }
        }
    }

    private void AddOf(ISymbol symbol)
    {
        for (ISymbol? one = symbol; one is not (null or INamespaceSymbol); one = one.ContainingType)
        {
            AddAttributesOf(one);
        }

        AddAttributesOf(symbol.ContainingModule);
        AddAttributesOf(symbol.ContainingAssembly);
    }

    private void AddAttributesOf(ISymbol? symbol)
    {
        foreach (AttributeData found in symbol?.GetAttributes() ?? [])
        {
            if (found.AttributeClass?.ToDisplayString() == "System.Diagnostics.CodeAnalysis.ExperimentalAttribute"
                && found.ConstructorArguments.FirstOrDefault().Value is string { Length: > 0 } id
                && id.All(static letter => char.IsLetterOrDigit(letter) || letter == '_'))
            {
                _ids.Add(id);
            }
        }
    }
}
