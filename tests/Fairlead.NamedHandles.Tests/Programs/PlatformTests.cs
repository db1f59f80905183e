using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Programs;

/// <summary>Without the package, each of the ten programs throws.</summary>
public sealed class PlatformTests
{
    [Theory]
    [InlineData("bus", "subscribe", "x")]
    [InlineData("ring", "write", "x", "1")]
    [InlineData("single", "start", "x", "argument")]
    [InlineData("settings", "keep", "x")]
    [InlineData("queue", "consume", "x")]
    [InlineData("commands", "serve", "x")]
    [InlineData("progress", "watch", "x")]
    [InlineData("cache", "find", "x", "key")]
    [InlineData("watchdog", "watch", "x")]
    [InlineData("node", "host", "x")]
    public async Task A_program_throws_when_built_with_the_types_of_the_platform(params string[] arguments)
    {
        using PeerProcess program = PeerProcess.StartWithPlatform(arguments);

        Assert.StartsWith(nameof(PlatformNotSupportedException), Assert.Single(await program.EndAsync()), StringComparison.Ordinal);
    }
}
