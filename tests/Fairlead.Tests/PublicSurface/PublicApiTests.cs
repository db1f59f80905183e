namespace Fairlead.Tests.PublicSurface;

/// <summary>The public surface is a file beside the library: each change of it shows in the diff of its commit.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_matches_PublicAPI_txt()
    {
        string actual = PublicApiText.Of(typeof(Address).Assembly);
        string file = SourceTree.At("src/Fairlead/PublicAPI.txt");
        string expected = File.Exists(file) ? File.ReadAllText(file) : "";
        if (actual == expected)
        {
            return;
        }

        string written = SourceTree.At("artifacts/PublicAPI.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(written)!);
        File.WriteAllText(written, actual);
        IEnumerable<string> gone = expected.Split('\n').Except(actual.Split('\n')).Select(line => "- " + line.Trim());
        IEnumerable<string> added = actual.Split('\n').Except(expected.Split('\n')).Select(line => "+ " + line.Trim());
        Assert.Fail(
            "The public surface has changed. Where that is meant: cp artifacts/PublicAPI.txt src/Fairlead/PublicAPI.txt\n"
                + string.Join('\n', gone.Concat(added).Take(50)));
    }
}
