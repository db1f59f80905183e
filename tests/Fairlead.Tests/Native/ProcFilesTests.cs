using Fairlead.Native;
using Fairlead.Synchronization;

namespace Fairlead.Tests.Native;

/// <summary>A system without <c>/proc</c>: locks work all the same, and other calls say that it is missing.</summary>
public sealed class ProcFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _name = $"p-{Guid.NewGuid():N}";

    public ProcFilesTests() => ProcFiles.IsDenied = true;

    public void Dispose()
    {
        ProcFiles.IsDenied = false;
        NamedMutex.Remove(_name);
        _directory.Dispose();
    }

    [Fact]
    public void A_lock_is_created_and_entered()
    {
        Assert.False(ProcFiles.AreMounted);
        using var mutex = NamedMutex.Open(_name);
        using (mutex.Enter(TimeSpan.FromSeconds(30)))
        {
            using var other = NamedMutex.Open(_name);
            Assert.NotNull(other);
        }
    }

    [Fact]
    public void The_error_of_a_fifo_says_that_proc_is_missing()
    {
        var error = Assert.Throws<FairleadException>(() => Receiver.Bind($"fifo://{_directory["f"]}"));

        Assert.Contains("ENOENT", error.Message, StringComparison.Ordinal);
        Assert.Contains("sees no /proc", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_of_a_missing_file_does_not_mention_proc()
    {
        ProcFiles.IsDenied = false;
        Assert.DoesNotContain("/proc", ErrnoMap.Failure("cannot open it", Errno.ENOENT).Message, StringComparison.Ordinal);
    }
}
