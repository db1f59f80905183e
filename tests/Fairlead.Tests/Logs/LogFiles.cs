using System.Runtime.InteropServices;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>
/// Changes the files of a log that no process has open: copies, cuts, overwrites them, or makes them look like those of another boot.
/// </summary>
internal static class LogFiles
{
    public static string Segment(string folder, long ordinal) => $"{folder}/{LogSegment.NameOf(ordinal)}";

    public static void Copy(string from, string to)
    {
        foreach (string path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = $"{to}/{Path.GetRelativePath(from, path)}";
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
    }

    public static void Cut(string path, long length)
    {
        using FileStream file = File.OpenWrite(path);
        file.SetLength(length);
    }

    public static void Write(string path, long offset, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Position = offset;
        file.Write(bytes);
    }

    public static void Write<T>(string path, long offset, T value)
        where T : unmanaged => Write(path, offset, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    public static T Read<T>(string path, long offset)
        where T : unmanaged => MemoryMarshal.Read<T>(File.ReadAllBytes(path).AsSpan((int)offset));

    /// <summary>Makes the log look as if the machine had restarted since it was last open.</summary>
    public static void Restart(string folder) => Write($"{folder}/{LogLayout.ControlName}", LogLayout.BootAt, Guid.NewGuid());
}
