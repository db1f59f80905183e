using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Transports.UnixSocket;

public sealed class PeerTests
{
    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("shm")]
    public async Task The_kernel_reports_process_user_and_group_of_a_peer(string scheme)
    {
        uint group = NativeFile.Stat("/proc/self")!.Gid;
        await using Receiver receiver = await Receiver.BindAsync($"{scheme}://peer-{Guid.NewGuid():N}");
        await using PeerProcess process = PeerProcess.Start("sender", "connect", receiver.Address.ToString());
        await process.AnswerAsync();
        await process.AskAsync("send 1 10");
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal((process.Id, NativeProcess.UserId, group), (message.Peer.ProcessId, message.Peer.UserId, message.Peer.GroupId));
    }
}
