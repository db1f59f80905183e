using Fairlead.NamedHandles.Tests.Generator;
using Fairlead.Tests.PublicSurface;

namespace Fairlead.NamedHandles.Tests.PublicSurface;

/// <summary>The public surface is a file beside the library: each change of it shows in the diff of its commit.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_matches_PublicAPI_txt()
    {
        string file = Path.Combine(BuildFiles.Root, "src/Fairlead.NamedHandles/PublicAPI.txt");
        string actual = PublicApiText.Of(typeof(NamedWaitHandles).Assembly);
        if (Environment.GetEnvironmentVariable("FAIRLEAD_RENEW") is not null)
        {
            File.WriteAllText(file, actual);
        }

        Assert.True(
            actual == File.ReadAllText(file), "The public surface has changed. If that is meant, renew its file: FAIRLEAD_RENEW=1");
    }
}
