using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>FIFOs that programs open as files.</summary>
public sealed class FifoPathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Fifo => Path.Combine(_directory.Path, "fifo");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_first_call_creates_a_FIFO_with_its_permissions_and_the_second_finds_it()
    {
        Assert.True(FifoPath.Create(Fifo, (UnixFileMode)0x1B6));
        Assert.False(FifoPath.Create(Fifo));
        Assert.Equal((UnixFileMode)0x1B6, File.GetUnixFileMode(Fifo));
        using FileStream both = new(Fifo, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        both.Write("hello"u8);
        Assert.Equal(5, both.Read(new byte[10]));
    }

    [Fact]
    public void A_file_that_is_not_a_FIFO_is_left_unchanged()
    {
        File.WriteAllText(Fifo, "a file");
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => FifoPath.Create(Fifo)).Code);
        Assert.Equal("a file", File.ReadAllText(Fifo));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => FifoPath.Create(Path.Combine(Fifo, "below"))).Code);
    }
}
