using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>The name of this process for its peers: its command line, shortened.</summary>
internal static class ProgramName
{
    private const int Longest = 120;

    public static readonly string Own =
        PlainText.Cut(NativeProcess.CommandLine(NativeProcess.Id) ?? Environment.ProcessPath ?? "", Longest);
}
