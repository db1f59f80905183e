using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Conformance;

/// <summary>Counts open descriptors: those of this process by kind, and those of any process by file.</summary>
public static class OpenDescriptors
{
    /// <summary>Returns the number without assemblies, which the runtime opens at their first use.</summary>
    public static int Count() => Targets().Count(static target => !target.EndsWith(".dll", StringComparison.Ordinal));

    /// <summary>Returns the number without files: the runtime opens some when it first describes an exception.</summary>
    public static int WithoutFiles() => Targets().Count(static target => !target.StartsWith('/'));

    /// <summary>Returns the number of sockets.</summary>
    public static int Sockets() => Targets().Count(static target => target.StartsWith("socket:", StringComparison.Ordinal));

    /// <summary>Returns the number of descriptors that a process has of a file or directory, even if the file has lost its name.</summary>
    /// <param name="process">The process.</param>
    /// <param name="file">The file, by <see cref="FileAt"/>.</param>
    public static int OfFile(int process, string file) =>
        Directory
            .GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd"))
            .Count(descriptor => NativeFile.Stat(descriptor) is { } status && IdentityOf(status) == file);

    /// <summary>Returns the identity of the file at a path: its device and inode.</summary>
    public static string FileAt(string path) =>
        NativeFile.Stat(path) is { } status ? IdentityOf(status) : throw new FileNotFoundException("There is no file", path);

    private static string IdentityOf(FileStatus status) => string.Create(CultureInfo.InvariantCulture, $"{status.Device:x} {status.Inode}");

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
