using Fairlead.Runs;
using Fairlead.Tests.PublicSurface;
using OpenTelemetry.Trace;

namespace Fairlead.Hosting.Tests;

/// <summary>The public surface is a file beside the package: each change of it shows in the diff of its commit.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Fairlead.Hosting", typeof(FairleadBuilder))]
    [InlineData("Fairlead.OpenTelemetry", typeof(FairleadTracerProviderBuilderExtensions))]
    public void The_public_surface_matches_PublicAPI_txt(string package, Type known)
    {
        string file = Path.Combine(RunTests.Root(), $"src/{package}/PublicAPI.txt");
        string actual = PublicApiText.Of(known.Assembly);
        if (Environment.GetEnvironmentVariable("FAIRLEAD_RENEW") is not null)
        {
            File.WriteAllText(file, actual);
        }

        Assert.True(
            actual == File.ReadAllText(file), "The public surface has changed. If that is meant, renew its file: FAIRLEAD_RENEW=1");
    }
}
