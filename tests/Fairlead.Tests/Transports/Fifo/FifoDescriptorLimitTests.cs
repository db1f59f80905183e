using System.Diagnostics;
using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>A FIFO of a process that can hardly open files.</summary>
public sealed class FifoDescriptorLimitTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_reader_is_kept_until_the_writer_can_open_files_again()
    {
        string path = _directory["news"];
        await using PeerProcess writer = PeerProcess.StartBy("prlimit --nofile=256:256", "starved", $"fifo://{path}?framing=line");
        await writer.AnswerAsync();
        using Process reader = Process.Start(new ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true })!;
        await Polling.Until(() => reader.HasExited || HasOpen(writer, path));
        await writer.TellAsync("go on");
        Assert.Equal("told\n", await reader.StandardOutput.ReadToEndAsync().WaitAsync(60.Seconds()));
        Assert.Equal(0, await writer.ExitAsync());
    }

    /// <summary>Returns whether a process has a FIFO open, and not only its place in the file system.</summary>
    private static bool HasOpen(PeerProcess peer, string path) =>
        Directory
            .EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{peer.Id}/fd"))
            .Any(entry => new FileInfo(entry).LinkTarget == path
                && !IsPlace(entry.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal)));

    // O_PATH, in the octal number that the kernel shows.
    private static bool IsPlace(string information)
    {
        string flags = File.ReadLines(information).First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
        return (Convert.ToInt64(flags["flags:".Length..].Trim(), 8) & 0x20_0000) != 0;
    }
}
