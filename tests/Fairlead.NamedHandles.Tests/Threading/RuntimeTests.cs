using Fairlead.NamedHandles.Peer.Roles;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>One mutex for programs on each runtime that is there: eng/mutex-on-runtimes.sh provides several.</summary>
public sealed class RuntimeTests
{
    [Fact]
    public async Task Programs_on_all_runtimes_share_one_mutex()
    {
        int each = Sizes.Of(20_000, 200_000);
        string file = Path.GetTempFileName();
        using SharedNumbers numbers = new(file);
        string name = Waiters.Name();
        PeerProcess[] peers =
        [
            .. Enumerable.Range(0, Math.Max(2, PeerProcess.Runtimes)).Select(i => PeerProcess.StartOn(i, "count", name, file, $"{each}")),
        ];
        foreach (PeerProcess peer in peers)
        {
            await peer.SaysAsync("ready");
        }

        foreach (PeerProcess peer in peers)
        {
            peer.GoOn();
        }

        foreach (PeerProcess peer in peers)
        {
            Assert.Equal(["0 abandoned, 0 refused"], await peer.EndAsync());
            peer.Dispose();
        }

        File.Delete(file);
        Assert.Equal(peers.Length * each, numbers.Read(0));
    }
}
