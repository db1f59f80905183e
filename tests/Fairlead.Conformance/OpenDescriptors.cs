namespace Fairlead.Tests.Hostile;

/// <summary>The sockets that this process has open.</summary>
internal static class Descriptors
{
    public static int Count() => Directory.GetFiles("/proc/self/fd").Count(IsSocket);

    private static bool IsSocket(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) ?? false;
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return false;
        }
    }
}
