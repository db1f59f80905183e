using Fairlead.Native.Processes;

namespace Fairlead.Patterns.Links.Values;

/// <summary>The name of this process for its peers, shortened. No argument leaves the machine: it may be a secret.</summary>
internal static class ProgramName
{
    private const int Longest = 120;

    private static readonly string Line = Shortened(NativeProcess.CommandLine(NativeProcess.Id) ?? Environment.ProcessPath);
    private static readonly string File = Shortened(
        NativeProcess.ProgramFile(NativeProcess.Id) ?? Path.GetFileName(Environment.ProcessPath));

    /// <summary>Returns what a peer gets over such a transport: the command line, or the file name if it may be elsewhere.</summary>
    public static string For(TransportCapabilities capabilities) =>
        (capabilities & TransportCapabilities.CrossHost) != 0 ? File : Line;

    private static string Shortened(string? name) => PlainText.Cut(name ?? "", Longest);
}
