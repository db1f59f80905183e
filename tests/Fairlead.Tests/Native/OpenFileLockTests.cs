using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Tests.Native;

public sealed class OpenFileLockTests
{
    [Fact]
    public void One_open_file_holds_the_lock_and_other_files_see_it()
    {
        using var directory = new TemporaryDirectory();
        using var owner = Open();
        using var other = Open();
        using var reader = NativeFile.Open(directory["f"], OpenFlags.ReadOnly, out _)!;
        Assert.False(OpenFileLock.IsLocked(reader));

        Assert.True(OpenFileLock.TryLockWhole(owner));
        Assert.True(OpenFileLock.TryLockWhole(owner));
        Assert.False(OpenFileLock.IsLocked(owner));
        Assert.True(OpenFileLock.IsLocked(other));
        Assert.True(OpenFileLock.IsLocked(reader));
        Assert.False(OpenFileLock.TryLockWhole(other));

        // Unlike a POSIX record lock, it survives when another descriptor of the file closes.
        Open().Dispose();
        Assert.True(OpenFileLock.IsLocked(reader));

        owner.Dispose();
        Assert.False(OpenFileLock.IsLocked(reader));
        Assert.True(OpenFileLock.TryLockWhole(other));

        Descriptor Open() => NativeFile.Open(directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;
    }

    [Fact]
    public void A_file_that_cannot_be_locked_is_an_error()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["f"], "");
        using var reader = NativeFile.Open(directory["f"], OpenFlags.ReadOnly, out _)!;
        Assert.Throws<FairleadException>(() => OpenFileLock.TryLockWhole(reader));
        reader.Dispose();
        Assert.Throws<FairleadException>(() => OpenFileLock.IsLocked(reader));
    }
}
