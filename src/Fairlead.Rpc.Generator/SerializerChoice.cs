using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The serializer that a contract names.</summary>
/// <param name="Type">The class.</param>
/// <param name="Format">The name of its format.</param>
internal sealed record SerializerChoice(INamedTypeSymbol Type, string Format)
{
    /// <summary>The letter before the name of the format in a shape.</summary>
    public const char Mark = '~';

    /// <summary>The choice of a contract; null: the format of docs/rpc-format.md.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="findings">Gets what is wrong with it.</param>
    public static SerializerChoice? Of(INamedTypeSymbol contract, List<Finding>? findings = null)
    {
        TypedConstant chosen = contract
            .GetAttributes()
            .Where(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.RpcContractAttribute")
            .SelectMany(static found => found.NamedArguments)
            .FirstOrDefault(static argument => argument.Key == "Serializer")
            .Value;
        if (chosen.Value is not ITypeSymbol type)
        {
            return null;
        }

        string format = Bases(type).Select(FormatOf).FirstOrDefault(static name => name is not null) ?? "";
        if (Objection(type, format) is { } objection)
        {
            findings?.Add(Finding.At(contract, Diagnostics.UnusableSerializer, type.ToDisplayString(), objection));
            return null;
        }

        return new SerializerChoice((INamedTypeSymbol)type, format);
    }

    private static string? Objection(ITypeSymbol type, string format) =>
        !Bases(type.OriginalDefinition).Any(static one => one.ToDisplayString() == "Fairlead.Rpc.RpcSerializer")
            ? "it does not derive from RpcSerializer"
        : type is not INamedTypeSymbol { IsAbstract: false, IsGenericType: false } named ? "it is abstract or generic"
        : !named.InstanceConstructors.Any(static one => one.Parameters.Length == 0 && one.DeclaredAccessibility == Accessibility.Public)
            ? "it has no public constructor without parameters"
        : !IsVisible(named) ? "it is neither public nor internal"
        : format.Length == 0 || !format.All(static letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')
            ? "it needs [RpcFormat(\"name\")], with a name of lower-case letters, digits and '-'"
        : null;

    private static bool IsVisible(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? one = type; one is not null; one = one.ContainingType)
        {
            if (one.IsFileLocal
                || one.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal))
            {
                return false;
            }
        }

        return true;
    }

    private static string? FormatOf(ITypeSymbol type) => type
        .GetAttributes()
        .FirstOrDefault(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.RpcFormatAttribute")
        ?.ConstructorArguments.FirstOrDefault().Value as string;

    private static IEnumerable<ITypeSymbol> Bases(ITypeSymbol type)
    {
        for (ITypeSymbol? one = type; one is not null; one = one.BaseType)
        {
            yield return one;
        }
    }
}
