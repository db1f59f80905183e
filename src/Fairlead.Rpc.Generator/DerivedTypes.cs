using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Finds types that derive from a type of a contract.</summary>
internal static class DerivedTypes
{
    /// <summary>
    /// Returns a type that derives from another one and cannot travel in its place: among the types of both assemblies; null without one.
    /// </summary>
    /// <param name="type">The type of a contract.</param>
    /// <param name="cases">Its cases, if it is a union.</param>
    /// <param name="user">The assembly of the contract.</param>
    public static INamedTypeSymbol? Find(ITypeSymbol type, IReadOnlyList<UnionType.Case> cases, IAssemblySymbol user)
    {
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Interface) || type.IsSealed || type.ContainingAssembly is null)
        {
            return null;
        }

        IAssemblySymbol[] assemblies = SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, user)
            ? [user]
            : [type.ContainingAssembly, user];
        return assemblies
            .SelectMany(static assembly => TypesIn(assembly.GlobalNamespace))
            .FirstOrDefault(one => !one.IsAbstract && one.TypeKind is TypeKind.Class or TypeKind.Struct
                && !SymbolEqualityComparer.Default.Equals(one, type)
                && UnionType.IsOne(one, type)
                && !cases.Any(listed => SymbolEqualityComparer.Default.Equals(listed.Type, one)));
    }

    private static IEnumerable<INamedTypeSymbol> TypesIn(INamespaceOrTypeSymbol place)
    {
        foreach (INamespaceOrTypeSymbol member in place is INamespaceSymbol space
            ? space.GetMembers()
            : ((INamedTypeSymbol)place).GetTypeMembers())
        {
            if (member is INamedTypeSymbol type)
            {
                yield return type;
            }

            foreach (INamedTypeSymbol inner in TypesIn(member))
            {
                yield return inner;
            }
        }
    }
}
