using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Generator;

/// <summary>The methods of the platform whose calls go to Fairlead: static waits, waits of the thread pool, and maps by name.</summary>
internal static class PlatformMethods
{
    /// <summary>The parameter that makes a map a named one.</summary>
    public const string MapName = "mapName";

    private const string Waits = "Fairlead.NamedHandles.NamedWaitHandles";
    private const string Maps = "Fairlead.NamedHandles.NamedMemoryMaps";

    private static readonly HashSet<string> Names =
    [
        "WaitAny", "WaitAll", "SignalAndWait", "RegisterWaitForSingleObject", "UnsafeRegisterWaitForSingleObject", "Unregister",
        "CreateNew", "CreateOrOpen", "OpenExisting", "CreateFromFile",
    ];

    /// <summary>Returns whether a method of this name may be one of them; needs no symbols.</summary>
    public static bool MayBe(string name) => Names.Contains(name);

    /// <summary>Returns the type of Fairlead that has the counterpart of a method; null: the method is not replaced.</summary>
    public static string? CounterpartOf(IMethodSymbol method, Switches switches)
    {
        if (!MayBe(method.Name))
        {
            return null;
        }

        bool isReplaced = (method.ContainingType.ToDisplayString(), method.Name) switch
        {
            ("System.Threading.WaitHandle", "WaitAny" or "WaitAll" or "SignalAndWait") => switches.Waits,
            ("System.Threading.ThreadPool", "RegisterWaitForSingleObject" or "UnsafeRegisterWaitForSingleObject") => switches.Waits,
            ("System.Threading.RegisteredWaitHandle", "Unregister") => switches.Waits,
            ("System.IO.MemoryMappedFiles.MemoryMappedFile", _) =>
                switches.Map && method.Parameters.Any(static parameter => parameter.Name == MapName),
            _ => false,
        };
        return !isReplaced ? null : method.ContainingNamespace.Name == "Threading" ? Waits : Maps;
    }

    /// <summary>Returns whether the type has a method that takes what this one takes, an instance method's object first.</summary>
    public static bool Has(INamedTypeSymbol type, IMethodSymbol method)
    {
        ITypeSymbol[] types = [.. method.Parameters.Select(static parameter => parameter.Type)];
        types = method.IsStatic ? types : [method.ContainingType, .. types];
        return type.GetMembers(method.Name).OfType<IMethodSymbol>().Any(other =>
            other is { IsStatic: true, DeclaredAccessibility: Accessibility.Public }
            && other.Parameters.Select(static parameter => parameter.Type).SequenceEqual(types, SymbolEqualityComparer.Default));
    }
}
