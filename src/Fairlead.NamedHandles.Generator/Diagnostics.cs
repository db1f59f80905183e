using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Generator;

/// <summary>What behaves otherwise than on Windows. docs/diagnostics has a page for each.</summary>
internal static class Diagnostics
{
    public static readonly DiagnosticDescriptor PlatformType = Warning(
        "FLN001",
        "The platform's own type has a name",
        "'{0}' here is the platform's own type, whose named objects other programs do not see on Linux: make '{1}' mean Fairlead's type");

    public static readonly DiagnosticDescriptor MethodGroup = Warning(
        "FLN002",
        "Method group of a method that is replaced",
        "'{0}' is not called here, so Fairlead cannot replace the call: write a lambda that calls it");

    public static readonly DiagnosticDescriptor OtherAssembly = Warning(
        "FLN003",
        "Named object passed to another assembly",
        "'{0}' is compiled without Fairlead and may use '{1}' by its kernel handle, which a named object does not have");

    public static readonly DiagnosticDescriptor AccessControl = Warning(
        "FLN004",
        "Access control lists",
        "'{0}' needs access control lists of Windows, which Linux lacks: the scope of the name says who may open the object");

    public static readonly DiagnosticDescriptor Impersonation = Warning(
        "FLN005", "Impersonation", "'{0}' throws, because no thread of a process on Linux can act as the user of another process");

    public static readonly DiagnosticDescriptor RemoteServer = Warning(
        "FLN006", "Pipe server on another machine", "Named pipes on Linux connect processes of one machine: the server \"{0}\" is refused");

    public static readonly DiagnosticDescriptor UselessOption = new(
        "FLN007",
        "Option without effect",
        "'{0}' has no effect on Linux",
        "Fairlead.NamedHandles",
        DiagnosticSeverity.Info,
        isEnabledByDefault: true,
        helpLinkUri: Help("FLN007"));

    public static readonly DiagnosticDescriptor NoMutex = Warning(
        "FLN008",
        "Mutex of an exception",
        "'{0}' is null for a named mutex, because it has the platform's own type: take the handle at 'MutexIndex'");

    private static DiagnosticDescriptor Warning(string id, string title, string message) =>
        new(id, title, message, "Fairlead.NamedHandles", DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Help(id));

    // An absolute address, because users of the package have no repository. A test compares it with FairleadUrl of Directory.Build.props.
    private static string Help(string id) => $"https://github.com/fairlead/fairlead/blob/main/docs/diagnostics/{id}.md";
}
