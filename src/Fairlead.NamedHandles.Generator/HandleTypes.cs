using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Generator;

/// <summary>The types that have named objects: the platform's, and those of Fairlead that take their place.</summary>
internal static class HandleTypes
{
    private const string Fairlead = "Fairlead.NamedHandles";

    private static readonly HashSet<string> Names =
    [
        "Mutex", "Semaphore", "EventWaitHandle", "AutoResetEvent", "ManualResetEvent",
        "PipeStream", "NamedPipeServerStream", "NamedPipeClientStream",
    ];

    /// <summary>Returns whether a type is one of the platform's that Fairlead replaces in this project.</summary>
    public static bool IsReplaced(INamedTypeSymbol type, Switches switches) => type.ToDisplayString() switch
    {
        "System.Threading.Mutex" => switches.Mutex,
        "System.Threading.Semaphore" => switches.Semaphore,
        "System.Threading.EventWaitHandle" => switches.Event,
        "System.IO.Pipes.NamedPipeServerStream" or "System.IO.Pipes.NamedPipeClientStream" => switches.Pipe,
        _ => false,
    };

    /// <summary>Returns whether a type is a pipe: Fairlead's, or the platform's that it replaces.</summary>
    public static bool IsPipe(INamedTypeSymbol type, Switches switches) =>
        type.Name is "NamedPipeServerStream" or "NamedPipeClientStream" && (IsFairlead(type) || IsReplaced(type, switches));

    /// <summary>Returns the handle or the pipe of Fairlead that a value is, or that an array consists of; null: it is none.</summary>
    public static ITypeSymbol? HandleIn(ITypeSymbol? type)
    {
        ITypeSymbol? one = type is IArrayTypeSymbol array ? array.ElementType : type;
        return one is INamedTypeSymbol named && Names.Contains(named.Name) && IsFairlead(named) ? named : null;
    }

    /// <summary>Returns whether a parameter takes any handle or pipe of the platform, or several handles.</summary>
    public static bool TakesHandles(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => TakesHandles(array.ElementType),
        INamedTypeSymbol { IsGenericType: true, TypeArguments.Length: 1 } several => TakesHandles(several.TypeArguments[0]),
        _ => (type.Name, type.ContainingNamespace?.ToDisplayString()) is
            ("WaitHandle", "System.Threading") or ("PipeStream", "System.IO.Pipes"),
    };

    private static bool IsFairlead(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() == Fairlead;
}
