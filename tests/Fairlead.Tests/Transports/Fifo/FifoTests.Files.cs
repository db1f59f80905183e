using System.Diagnostics;
using System.Globalization;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Time;
using Fairlead.Transports.Fifo;

namespace Fairlead.Tests.Transports.Fifo;

/// <content>The file in the file system: whose it is, and who makes and removes it.</content>
public sealed partial class FifoTests
{
    [Theory]
    [InlineData("file")]
    [InlineData("directory")]
    [InlineData("link")]
    public async Task A_file_that_is_not_a_FIFO_is_refused_and_left_alone(string kind)
    {
        string path = _directory[kind];
        switch (kind)
        {
            case "file":
                await File.WriteAllTextAsync(path, "mine");
                break;
            case "directory":
                Directory.CreateDirectory(path);
                break;
            default:
                Shell($"mkfifo {path}.real && ln -s {path}.real {path}");
                break;
        }

        FairleadException error = Assert.Throws<FairleadException>(() => Receiver.Bind($"fifo://{path}"));
        output.WriteLine(error.Message);
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Sender.Bind($"fifo://{path}")).Code);
        Assert.Equal(
            kind == "link" ? ErrorCode.NotFound : ErrorCode.Incompatible,
            Assert.Throws<FairleadException>(() => Sender.Connect($"fifo://{path}")).Code);
        Assert.True(Path.Exists(path));
        if (kind == "file")
        {
            Assert.Equal("mine", await File.ReadAllTextAsync(path));
        }
    }

    [Fact]
    public async Task An_existing_FIFO_is_used_and_stays()
    {
        string path = _directory["theirs"];
        Shell($"mkfifo -m 640 {path}");
        await using (Receiver receiver = await Receiver.BindAsync($"fifo://{path}?framing=line"))
        {
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Sender.Bind($"fifo://{path}")).Code);
            Shell($"echo kept > {path}");
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal("kept", message.Text);
        }

        Assert.Equal(0b110_100_000u, NativeFile.Lstat(path)!.Mode & AllRights);
        await (await Sender.BindAsync($"fifo://{path}")).DisposeAsync();
        Assert.Equal(FileKind.Fifo, NativeFile.Lstat(path)!.Kind);
    }

    [Fact]
    public async Task A_FIFO_is_created_with_the_requested_mode_and_removed_with_its_creator()
    {
        string path = _directory["mode"];
        foreach (
            (string options, uint mode) in new[] { ("", 0b110_000_000u), ("?scope=machine", 0b110_110_110u), ("?mode=622", 0b110_010_010u) }
        )
        {
            await using (await Receiver.BindAsync($"fifo://{path}{options}"))
            {
                Assert.Equal((FileKind.Fifo, mode), (NativeFile.Lstat(path)!.Kind, NativeFile.Lstat(path)!.Mode & AllRights));
            }

            Assert.Null(NativeFile.Lstat(path));
        }
    }

    [Fact]
    public async Task A_FIFO_of_a_dead_process_is_taken_over_with_its_waiting_writer_and_removed_at_the_end()
    {
        string path = _directory["dead"];
        using PeerProcess dead = PeerProcess.Start("receiver", "bind", $"fifo://{path}?scope=machine&framing=line");
        await dead.AnswerAsync();
        await dead.KillAsync();
        Assert.Equal(FileKind.Fifo, NativeFile.Lstat(path)!.Kind);
        Assert.DoesNotContain(EndpointRegistry.List(), entry => entry.Address.Contains(path, StringComparison.Ordinal));
        Task<string> writing = Task.Run(() => Shell($"echo waited > {path}"));
        await using (Receiver receiver = await Receiver.BindAsync($"fifo://{path}?framing=line"))
        {
            Assert.Equal(0b110_000_000u, NativeFile.Lstat(path)!.Mode & AllRights);
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal("waited", message.Text);
            await writing;
        }

        Assert.Null(NativeFile.Lstat(path));
    }

    [Fact]
    public void A_FIFO_of_another_program_stays_although_its_name_is_bare()
    {
        string name = $"t{Environment.ProcessId}-foreign";
        Address address = Address.Parse($"fifo://{name}");
        using (Receiver.Bind(address))
        {
            // Makes the folder.
        }

        string path = FifoFile.PathOf(address, name);
        Shell($"mkfifo -m 640 {path}");
        using (Receiver.Bind(address))
        {
            Assert.Equal(0b110_100_000u, NativeFile.Lstat(path)?.Mode);
        }

        Assert.True(File.Exists(path));
        File.Delete(path);
    }

    [RootFact]
    public void Another_users_FIFO_is_not_bound()
    {
        Shell($"mkfifo {_directory["alien"]}");
        _directory.GiveAway("alien");
        FairleadException error = Assert.Throws<FairleadException>(() => Receiver.Bind($"fifo://{_directory["alien"]}"));
        output.WriteLine(error.Message);
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
    }
}
