using Fairlead.Memory;

namespace Fairlead.Tests.Memory;

/// <summary>Exhausted memory is an error when a region is opened, and kills no process when the region is touched.</summary>
public sealed class RoomTests
{
    [MountFact]
    public void A_full_file_system_is_an_error_that_names_the_bytes_needed_and_free()
    {
        using var small = new SmallFileSystem();
        using var fits = SharedRegion.OpenFile($"{small.Path}/fits", SmallFileSystem.Size / 2);
        fits.Span<byte>(0, (int)fits.Size).Fill(1);

        var full = Assert.Throws<FairleadException>(() => SharedRegion.OpenFile($"{small.Path}/more", SmallFileSystem.Size));

        Assert.Equal(ErrorCode.Full, full.Code);
        Assert.Contains("1048576 bytes are needed, 524288 are free", full.Message, StringComparison.Ordinal);
        Assert.Equal(["fits"], Directory.GetFiles(small.Path).Select(Path.GetFileName));
        using var next = SharedRegion.OpenFile($"{small.Path}/next", SmallFileSystem.Size / 2);
        next.Span<byte>(0, (int)next.Size).Fill(2);
    }

    [MountFact]
    public void A_sparse_file_of_another_program_gets_its_disk_space_before_it_is_mapped()
    {
        using var small = new SmallFileSystem();
        using (FileStream sparse = File.Create($"{small.Path}/sparse"))
        {
            sparse.SetLength(2 * SmallFileSystem.Size);
        }

        var full = Assert.Throws<FairleadException>(() => SharedRegion.OpenFile($"{small.Path}/sparse"));

        Assert.Equal(ErrorCode.Full, full.Code);
        Assert.True(File.Exists($"{small.Path}/sparse"));
    }

    [MountFact]
    public async Task A_full_runtime_directory_is_an_error_and_leaves_no_file()
    {
        using var small = new SmallFileSystem();
        Dictionary<string, string?> environment = new() { ["XDG_RUNTIME_DIR"] = small.Path };
        await using var refused = PeerProcess.Start(environment, "region", "name", "big", "2000000");

        string answer = await refused.ReadLineAsync();

        Assert.StartsWith("error Full not enough space for the region 'big': 2000064 bytes are needed, ", answer, StringComparison.Ordinal);
        await using var served = PeerProcess.Start(environment, "region", "name", "big", "500000");
        Assert.StartsWith("500000 ", await served.AnswerAsync(), StringComparison.Ordinal);
    }
}
