using System.Runtime.InteropServices;
using Fairlead.Memory;

namespace Fairlead.Tests.Memory;

/// <summary>The same keys as in C programs.</summary>
public sealed partial class SystemVKeyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData('A')]
    [InlineData(200)]
    [InlineData(255)]
    public void A_key_equals_the_key_of_ftok(int project)
    {
        foreach (string path in new[] { "/", "/proc/self", "/dev/null", AppContext.BaseDirectory, typeof(SystemVKey).Assembly.Location })
        {
            Assert.Equal(Ftok(path, project), SystemVKey.Of(path, project));
        }
    }

    [Fact]
    public void A_path_or_project_without_a_key_is_refused()
    {
        var missing = Assert.Throws<FairleadException>(static () => SystemVKey.Of("/no/such/file", 1));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains("/no/such/file", missing.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => SystemVKey.Of("", 1));
        Assert.Throws<ArgumentOutOfRangeException>(static () => SystemVKey.Of("/", 0));
        Assert.Throws<ArgumentOutOfRangeException>(static () => SystemVKey.Of("/", 256));
    }

    [LibraryImport("libc", EntryPoint = "ftok", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ftok(string path, int project);
}
