namespace Fairlead.Tests.Framing;

/// <summary>
/// A frame as it must appear on the wire: hexadecimal bytes, and comment lines. Written by hand from docs/wire-format.md, not by the code
/// under test.
/// </summary>
internal static class GoldenFile
{
    private static readonly string Folder = SourceTree.At("tests/Fairlead.Tests/Framing/Golden");

    public static IEnumerable<string> Names =>
        Directory.GetFiles(Folder, "*.hex").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public static byte[] Read(string name) =>
        Convert.FromHexString(
            string.Concat(
                File.ReadLines(Path.Combine(Folder, $"{name}.hex"))
                    .Where(line => !line.StartsWith('#'))
                    .Select(line => line.Replace(" ", "", StringComparison.Ordinal))));
}
