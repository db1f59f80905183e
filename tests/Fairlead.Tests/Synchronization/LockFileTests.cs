using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization.Inspection;

namespace Fairlead.Tests.Synchronization;

/// <summary>Locks are not read from places where other users could have put them.</summary>
public sealed class LockFileTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private RuntimeDirectory Runtime => RuntimeDirectory.At(_temporary["fairlead"]);

    private string Locks => _temporary[$"fairlead/{NamedRegion.LockFolder}"];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void No_lock_files_are_listed_without_a_directory()
    {
        Assert.Empty(LockFile.All(Runtime));
        Runtime.Prepare();
        Assert.Empty(LockFile.All(Runtime));
        Assert.False(Path.Exists(Locks));
        Runtime.PrepareFolder(NamedRegion.LockFolder);
        Assert.Empty(LockFile.All(Runtime));
    }

    [Theory]
    [InlineData("fairlead")]
    [InlineData("fairlead/" + NamedRegion.LockFolder)]
    public void Lock_files_are_not_read_from_a_directory_open_to_others(string open)
    {
        Runtime.PrepareFolder(NamedRegion.LockFolder);
        File.SetUnixFileMode(_temporary[open], (UnixFileMode)0b111_000_101);

        Refused();
    }

    [RootTheory]
    [InlineData("fairlead")]
    [InlineData("fairlead/" + NamedRegion.LockFolder)]
    public void Lock_files_are_not_read_from_a_directory_of_another_user(string foreign)
    {
        Runtime.PrepareFolder(NamedRegion.LockFolder);
        _temporary.GiveAway(foreign);

        Refused();
    }

    private void Refused() => Assert.Equal(ErrorCode.PermissionDenied, Assert.Throws<FairleadException>(() => LockFile.All(Runtime)).Code);
}
