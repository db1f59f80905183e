using System.Globalization;
using System.Text;
using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>Reads the description that a participant has written about itself.</summary>
internal static class ParticipantNote
{
    private const int Longest = 8192;

    /// <summary>
    /// Returns the program of a participant in another pid namespace, where its number means another process. Null if the number belongs to
    /// it here too, or if that is not known.
    /// </summary>
    /// <param name="participant">The participant.</param>
    /// <param name="process">The number of its process, for itself.</param>
    public static string? ProgramElsewhere(ulong participant, int process)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        string path = string.Create(
            CultureInfo.InvariantCulture, $"{RuntimeDirectory.Current().Path}/{Participant.Folder}/{participant:x16}");
        string[] lines = Encoding.UTF8.GetString(NativeProcess.ReadWhole(path, buffer)).Split('\n');

        // A process keeps the time of its start, whichever namespace looks at it.
        return !ulong.TryParse(Value(lines, "start "), NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            || NativeProcess.StartTicks(process) == start
                ? null
                : Value(lines, "program ") ?? "";
    }

    private static string? Value(string[] lines, string key) =>
        Array.Find(lines, line => line.StartsWith(key, StringComparison.Ordinal)) is { } line ? line[key.Length..] : null;
}
