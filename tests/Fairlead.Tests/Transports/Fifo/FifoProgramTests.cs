using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Time;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>Two FIFOs shared with a plain program, whose calls of <c>open</c> block until the other end is there.</summary>
public sealed class FifoProgramTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string There => _directory["there"];

    private string Back => _directory["back"];

    private Address Place => $"fifo://{There},{Back}?framing=line";

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_bound_pair_serves_one_program_after_another(bool writesFirst)
    {
        await using Pair pair = await Pair.BindAsync(Place);
        for (int i = 0; i < 3; i++)
        {
            (FileStream toPair, FileStream fromPair) = await OpenAsync(There, Back, writesFirst);
            await TalkAsync(pair, toPair, fromPair, $"question {i}", $"answer {i}");

            // The bound end may speak first as well, but not before it has noticed that the last program has gone.
            await TalkAsync(pair, toPair, fromPair, $"another {i}", $"answer to another {i}");
            await toPair.DisposeAsync();
            await fromPair.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connecting_pair_reaches_a_program_that_waits_in_open(bool writesFirst)
    {
        MakeFifos();
        Task<(FileStream ToPair, FileStream FromPair)> opening = OpenAsync(Back, There, writesFirst);
        await using Pair pair = await Pair.ConnectAsync(Place.With("wait", "1m"));
        (FileStream toPair, FileStream fromPair) = await opening.WaitAsync(120.Seconds());
        await TalkAsync(pair, toPair, fromPair, "question", "answer");
        await toPair.DisposeAsync();
        await fromPair.DisposeAsync();
    }

    [Fact]
    public async Task The_first_line_of_a_program_that_opened_first_is_not_lost()
    {
        MakeFifos();
        Task<(FileStream ToPair, FileStream FromPair)> opening = OpenAsync(Back, There, writesFirst: true);
        await using Pair pair = await Pair.BindAsync($"fifo://{Back},{There}?framing=line");
        (FileStream toPair, FileStream fromPair) = await opening.WaitAsync(120.Seconds());
        await TalkAsync(pair, toPair, fromPair, "first", "answer");
        await toPair.DisposeAsync();
        await fromPair.DisposeAsync();
    }

    [Fact]
    public async Task A_bound_pair_without_a_program_closes_immediately()
    {
        for (int i = 0; i < 20; i++)
        {
            await using Pair pair = await Pair.BindAsync(Place);
            Assert.True((await pair.CloseAsync(60.Seconds())).IsComplete);
        }
    }

    private static async Task TalkAsync(Pair pair, FileStream toPair, FileStream fromPair, string question, string answer)
    {
        await toPair.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{question}\n"));
        await toPair.FlushAsync();
        using Message message = await pair.ReceiveAsync(120.Seconds());
        Assert.Equal(question, message.Text);
        await pair.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer).AsMemory());
        byte[] heard = new byte[answer.Length + 1];
        await Task.Run(() => fromPair.ReadExactly(heard)).WaitAsync(120.Seconds());
        Assert.Equal($"{answer}\n", System.Text.Encoding.ASCII.GetString(heard));
    }

    private static Task<(FileStream ToPair, FileStream FromPair)> OpenAsync(string output, string input, bool writesFirst) =>
        Task.Factory.StartNew(
            () =>
            {
                FileStream? writer = writesFirst ? Open(output, FileAccess.Write) : null;
                FileStream reader = Open(input, FileAccess.Read);
                return (writer ?? Open(output, FileAccess.Write), reader);
            },
            TaskCreationOptions.LongRunning);

    // FileStream would take a lock of the file, which plain programs do not.
    private static FileStream Open(string path, FileAccess access)
    {
        OpenFlags flags = access == FileAccess.Read ? OpenFlags.ReadOnly : OpenFlags.WriteOnly;
        using Descriptor opened = NativeFile.Open(path, flags | OpenFlags.Blocking, 0, out Errno error)
            ?? throw new IOException($"{path}: {error}");
        Descriptor copy = NativeSpawn.Duplicate(opened.Number, 3, out _)!;
        SafeFileHandle handle = new(copy.Number, ownsHandle: true);
        copy.SetHandleAsInvalid();
        return new FileStream(handle, access, bufferSize: 0);
    }

    private void MakeFifos()
    {
        using Process shell = Process.Start("sh", ["-c", $"mkfifo {There} {Back}"])!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
