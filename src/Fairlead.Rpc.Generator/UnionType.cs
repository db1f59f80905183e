using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>A class or an interface with <c>[RpcUnion]</c>: the types that its values may have, by their numbers.</summary>
internal static class UnionType
{
    /// <summary>Whether a type is a union.</summary>
    public static bool IsUnion(ITypeSymbol type) => type.TypeKind is TypeKind.Class or TypeKind.Interface && AttributesOf(type).Any();

    /// <summary>The cases, by their numbers.</summary>
    public static IReadOnlyList<Case> CasesOf(ITypeSymbol type) =>
    [
        .. AttributesOf(type)
            .Select(static found => found.ConstructorArguments)
            .Where(static arguments => arguments.Length == 2 && arguments[0].Value is int && arguments[1].Value is INamedTypeSymbol)
            .Select(static arguments => new Case((int)arguments[0].Value!, (INamedTypeSymbol)arguments[1].Value!))
            .OrderBy(static one => one.Number),
    ];

    /// <summary>Returns why the attributes of a union have no meaning; null: they have one.</summary>
    /// <param name="type">The union.</param>
    /// <param name="user">The assembly whose generated code names the cases.</param>
    public static string? Objection(INamedTypeSymbol type, IAssemblySymbol user)
    {
        IReadOnlyList<Case> cases = CasesOf(type);
        return cases.Count != AttributesOf(type).Count() ? "[RpcUnion] names a type that is neither a class nor a struct"
            : cases.Any(static one => one.Number < 1) ? "the numbers of [RpcUnion] begin with 1"
            : cases.Select(static one => one.Number).Distinct().Count() != cases.Count ? "two of its cases have one number"
            : cases.Select(static one => one.Type.Name).Distinct().Count() != cases.Count ? "two of its cases have one name"
            : cases.FirstOrDefault(one => !IsOne(one.Type, type)) is { } stranger
                ? $"its case '{stranger.Type.Name}' is generic without arguments, or does not derive from it"
            : cases.FirstOrDefault(one => !IsVisible(one.Type, user)) is { } hidden
                ? $"its case '{hidden.Type.Name}' is hidden from generated code; make it public or internal"
            : null;
    }

    /// <summary>Whether a type derives from another one, implements it, or is it.</summary>
    public static bool IsOne(INamedTypeSymbol type, ITypeSymbol of)
    {
        if (type.IsUnboundGenericType)
        {
            return false;
        }

        ImmutableArray<INamedTypeSymbol> interfaces = of.TypeKind == TypeKind.Interface ? type.AllInterfaces : [];
        for (INamedTypeSymbol? one = type; one is not null; one = one.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(one, of))
            {
                return true;
            }
        }

        return interfaces.Contains(of, SymbolEqualityComparer.Default);
    }

    /// <summary>Whether generated code can name a type.</summary>
    public static bool IsVisible(INamedTypeSymbol type, IAssemblySymbol user)
    {
        bool sees = SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, user) || type.ContainingAssembly.GivesAccessTo(user);
        for (INamedTypeSymbol? one = type; one is not null; one = one.ContainingType)
        {
            if (one.IsFileLocal
                || (one.DeclaredAccessibility != Accessibility.Public
                    && !(sees && one.DeclaredAccessibility is Accessibility.Internal or Accessibility.ProtectedOrInternal)))
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<AttributeData> AttributesOf(ITypeSymbol type) => type
        .GetAttributes()
        .Where(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.RpcUnionAttribute");

    /// <summary>A case of a union.</summary>
    /// <param name="Number">The number by which it travels.</param>
    /// <param name="Type">The type of its values, and of no type that derives from it.</param>
    public sealed record Case(int Number, INamedTypeSymbol Type);
}
