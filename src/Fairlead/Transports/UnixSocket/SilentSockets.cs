using System.Globalization;

namespace Fairlead.Transports.UnixSocket;

/// <summary>
/// Sockets that a living process has bound and does not listen on. A connection attempt cannot tell them from those of dead processes.
/// </summary>
internal static class SilentSockets
{
    private const int Fields = 7;
    private const int FlagsField = 3;
    private const int StateField = 5;
    private const int Listens = 0x10000;
    private const int Unconnected = 1;

    /// <summary>Returns whether a process may have bound the path without listening there yet.</summary>
    /// <param name="path">The absolute path. If a process has bound it by another spelling, the last part of the name decides.</param>
    /// <param name="table">The kernel's table of sockets.</param>
    /// <returns>True also if the table cannot be read.</returns>
    public static bool MayHave(string path, string table = "/proc/net/unix")
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        try
        {
            return File.ReadLines(table).Any(line => PathOf(line) is { } bound && IsSame(bound, path, name));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool IsSame(string bound, string path, string name) =>
        bound == path
        || ((bound[0] != '/' || bound.StartsWith("/proc/", StringComparison.Ordinal))
            && bound[(bound.LastIndexOf('/') + 1)..] == name);

    // Number, references, protocol, flags, type, state, inode, path: the path may contain spaces.
    private static string? PathOf(string line)
    {
        var parts = line.Split(' ', Fields + 1, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == Fields + 1
            && parts[Fields][0] != '@'
            && int.TryParse(parts[FlagsField], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var flags)
            && (flags & Listens) == 0
            && int.TryParse(parts[StateField], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var state)
            && state == Unconnected
            ? parts[Fields]
            : null;
    }
}
