using System.Globalization;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>Reads the description that a participant has written about itself, to tell where its process is.</summary>
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
        string[] lines = LinesOf(string.Create(
            CultureInfo.InvariantCulture, $"{RuntimeDirectory.Current().Path}/{Participant.Folder}/{participant:x16}"));

        // A process keeps the time of its start, whichever namespace looks at it.
        return !ulong.TryParse(Value(lines, "start "), NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            || NativeProcess.StartTicks(process) == start
                ? null
                : Value(lines, "program ") ?? "";
    }

    /// <summary>
    /// Completes an endpoint whose process is not the one that has its number here: it is in another pid namespace, or has ended and a fork
    /// keeps its open files.
    /// </summary>
    /// <param name="info">The endpoint.</param>
    /// <param name="path">The file of the participant that published it.</param>
    public static EndpointInfo Locate(EndpointInfo info, string path)
    {
        string[] lines = LinesOf(path);
        int publisher = info.ParentProcessId ?? info.ProcessId;
        if (!ulong.TryParse(Value(lines, "start "), NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            || NativeProcess.StartTicks(publisher) == start
            || NativeProcess.StartTicks(NativeProcess.Id) is null)
        {
            // It is that process, or /proc shows nothing.
            return info;
        }

        if (!uint.TryParse(Value(lines, "namespace "), NumberStyles.None, CultureInfo.InvariantCulture, out uint space)
            || space != NativeProcess.Namespace)
        {
            return info with { IsInOtherNamespace = true };
        }

        return NativeFile.Stat(path) is { } status && FileLockHolder.Find(FileIdentity.Of(status)) is { } fork
            ? info with { ForkOf = info.ProcessId, ProcessId = fork }
            : info with { ForkOf = info.ProcessId };
    }

    private static string[] LinesOf(string path)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        return Encoding.UTF8.GetString(NativeProcess.ReadWhole(path, buffer)).Split('\n');
    }

    private static string? Value(string[] lines, string key) =>
        Array.Find(lines, line => line.StartsWith(key, StringComparison.Ordinal)) is { } line ? line[key.Length..] : null;
}
