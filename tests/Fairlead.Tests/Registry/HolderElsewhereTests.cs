using System.Diagnostics;
using Fairlead.Conformance;
using Fairlead.Diagnostics;
using Fairlead.Logs;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Registry;

/// <summary>Holders of a name whose number means another process here, or none.</summary>
[SlowRun]
public sealed class HolderElsewhereTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static int _names;

    [PidNamespaceFact]
    public async Task A_holder_in_another_namespace_is_not_named_by_a_process_id_of_this_namespace()
    {
        foreach (string scheme in (string[])["unix", "unixpacket", "shm"])
        {
            string place = $"{scheme}://elsewhere-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}";
            PeerProcess peer = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "receiver", "bind", place));
            await peer.ReadLineAsync();

            FairleadException held = await Assert.ThrowsAsync<FairleadException>(() => Receiver.BindAsync(place).AsTask());

            Assert.Equal(ErrorCode.AlreadyExists, held.Code);
            Assert.Null(held.Peer?.ProcessId);
            Assert.DoesNotContain("pid 1 ", held.Message, StringComparison.Ordinal);
            Assert.Contains("Fairlead.TestPeer", held.Message, StringComparison.Ordinal);
            Assert.Contains("in another pid namespace", held.Message, StringComparison.Ordinal);
            Assert.True(EndpointRegistry.FindHolder(place)!.IsInOtherNamespace);
        }
    }

    [Fact]
    public async Task A_fork_that_keeps_the_names_of_an_ended_process_is_named()
    {
        using TemporaryDirectory folder = new();
        string place = $"unix://forked-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}";
        using MappedLog log = MappedLog.Open($"log://{folder["log"]}");
        PeerProcess peer = Track(PeerProcess.Start("keeping", place, folder["log"], "reader"));
        int child = int.Parse(await peer.AnswerAsync(), System.Globalization.CultureInfo.InvariantCulture);

        // The child keeps the pipes of its parent open, so their end does not show the parent's.
        peer.KillAndGoOn();
        await Polling.Until(() => !NativeProcess.IsAlive(peer.Id));

        FairleadException held = await Assert.ThrowsAsync<FairleadException>(() => Receiver.BindAsync(place).AsTask());
        Assert.Equal(ErrorCode.AlreadyExists, held.Code);
        Assert.Equal(child, held.Peer?.ProcessId);
        Assert.Contains($"which keeps the open files of pid {peer.Id} that has ended", held.Message, StringComparison.Ordinal);
        EndpointInfo info = EndpointRegistry.FindHolder(place)!;
        Assert.Equal((child, peer.Id), (info.ProcessId, info.ForkOf));

        FairleadException read = Assert.Throws<FairleadException>(() => log.Follow("reader"));
        Assert.Equal((ErrorCode.AlreadyExists, child), (read.Code, read.Peer?.ProcessId));

        using Process fork = Process.GetProcessById(child);
        fork.Kill();
        await Polling.Until(() => !NativeProcess.IsAlive(child));
        Track(await Receiver.BindAsync(place));
        log.Follow("reader").Dispose();
    }
}
