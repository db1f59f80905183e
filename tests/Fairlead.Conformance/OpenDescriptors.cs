namespace Fairlead.Conformance;

/// <summary>How many descriptors this process has open.</summary>
public static class OpenDescriptors
{
    /// <summary>All but the assemblies: the runtime opens those at their first need, whenever that is.</summary>
    public static int Count() => Targets().Count(static target => !target.EndsWith(".dll", StringComparison.Ordinal));

    /// <summary>The sockets.</summary>
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
            // Closed meanwhile.
            return null;
        }
    }
}
