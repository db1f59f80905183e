namespace Fairlead.Conformance;

/// <summary>Counts the open descriptors of this process.</summary>
public static class OpenDescriptors
{
    /// <summary>Returns the number without assemblies, which the runtime opens at their first use.</summary>
    public static int Count() => Targets().Count(static target => !target.EndsWith(".dll", StringComparison.Ordinal));

    /// <summary>Returns the number without files: the runtime opens some when it first describes an exception.</summary>
    public static int WithoutFiles() => Targets().Count(static target => !target.StartsWith('/'));

    /// <summary>Returns the number of sockets.</summary>
    public static int Sockets() => Targets().Count(static target => target.StartsWith("socket:", StringComparison.Ordinal));

    private static IEnumerable<string> Targets() => Directory.GetFiles("/proc/self/fd").Select(TargetOf).OfType<string>();

    private static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            // Closed in the meantime.
            return null;
        }
    }
}
