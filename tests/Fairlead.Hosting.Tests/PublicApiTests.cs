using Fairlead.Selection;
using Fairlead.Tests.PublicSurface;

namespace Fairlead.Hosting.Tests;

/// <summary>The public surface is a file beside the library: each change of it shows in the diff of its commit.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_is_what_its_file_says()
    {
        string file = Path.Combine(AreaTests.Root(), "src/Fairlead.Hosting/PublicAPI.txt");
        string actual = PublicApiText.Of(typeof(FairleadBuilder).Assembly);
        if (Environment.GetEnvironmentVariable("FAIRLEAD_RENEW") is not null)
        {
            File.WriteAllText(file, actual);
        }

        Assert.True(
            actual == File.ReadAllText(file), "The public surface has changed. If that is meant, renew its file: FAIRLEAD_RENEW=1");
    }
}
