using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Conformance.Contracts;

/// <content>Between two processes, either of which may be killed.</content>
public abstract partial class HandleContract
{
    [Fact]
    public async Task Another_process_reads_a_file_that_this_process_opened_and_removed()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        (PeerProcess peer, Address there) = await StartBoundAsync("receiver", NewPlace("handles=4"));
        Sender sender = Track(await Sender.ConnectAsync(there));
        using SafeFileHandle file = RemovedFileOf("opened here");
        for (int i = 0; i < 3; i++)
        {
            // The sender's own file stays open and usable.
            await sender.SendHandleAsync(file);
            Assert.Equal("opened here", await peer.AskAsync("read"));
            Assert.Equal("opened here", TextOf(file));
        }
    }

    [Fact]
    public async Task Files_that_a_killed_receiver_did_not_read_are_closed()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        (PeerProcess peer, Address there) = await StartBoundAsync("receiver", NewPlace("handles=4"));
        Sender sender = Track(await Sender.ConnectAsync(there));
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        SafePipeHandle writer = reader.ClientSafePipeHandle;
        for (int i = 0; i < 4; i++)
        {
            sender.SendHandle(writer);
        }

        // Its user holds one, the others are in transit, and one waits here.
        await peer.AskAsync("hold");
        Task<FairleadException> waiting = FailsAsync(ErrorCode.PeerGone, async () =>
        {
            while (true)
            {
                await sender.SendHandleAsync(writer);
            }
        });
        await peer.KillAsync();
        await waiting;
        writer.Dispose();
        Assert.Equal(-1, await OnThread(reader.ReadByte));
    }

    [Fact]
    public async Task Files_of_a_killed_sender_are_still_read()
    {
        SkipUnless(Transport.CarriesHandles, "the kernel does not carry open files there");

        Receiver receiver = Track(await Receiver.BindAsync(NewPlace("handles=4")));
        PeerProcess peer = await StartConnectedAsync("sender", OtherEnd(receiver.Address));
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "from the dead");
        await peer.AskAsync($"pass {path}");
        await peer.AskAsync("flush");
        await peer.KillAsync();
        File.Delete(path);
        using Message message = await receiver.ReceiveAsync();
        using SafeFileHandle file = message.TakeHandle();
        Assert.Equal("from the dead", TextOf(file));
    }

    private static SafeFileHandle RemovedFileOf(string text)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, text);
        SafeFileHandle file = File.OpenHandle(path);
        File.Delete(path);
        return file;
    }
}
