using Fairlead.Synchronization;

namespace Fairlead.Docs.Tests;

/// <summary>The snippets stay away from the developer's own names.</summary>
public sealed class PrivateDirectoriesTests
{
    [Fact]
    public void Snippets_use_a_runtime_directory_that_belongs_to_this_run()
    {
        string lockName = $"d-{Guid.NewGuid():N}";
        using NamedMutex mutex = NamedMutex.Open(lockName);
        string? directory = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        Assert.NotNull(directory);
        Assert.StartsWith(Path.Combine(Path.GetTempPath(), "fl-"), directory, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.EnumerateFiles(directory, $"*{lockName}*", SearchOption.AllDirectories));
        Assert.True(NamedMutex.Remove(lockName));
    }
}
