using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.Tests.Synchronization;

/// <summary>Errors about the owner of a lock in another pid namespace.</summary>
public sealed class PidNamespaceOwnerTests(ITestOutputHelper output) : LockContract(new LockUnderTest.Named(), output)
{
    [PidNamespaceFact]
    public async Task An_owner_in_another_namespace_is_not_named_by_a_process_id_of_this_namespace()
    {
        string place = NewPlace(NamedMutex.SizeInRegion);
        NamedMutex mutex = Track(LockPlaceText.Mutex(place));
        PeerProcess peer = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "mutex", place));
        Assert.Equal("ready", await peer.ReadLineAsync());
        Assert.Equal("", await peer.AskAsync("enter"));

        FairleadException late = Assert.Throws<FairleadException>(() => mutex.Enter(TimeSpan.FromMilliseconds(100), Token));
        Assert.Null(late.Peer?.ProcessId);
        Assert.DoesNotContain("pid 1", late.Message, StringComparison.Ordinal);
        Assert.Contains("Fairlead.TestPeer", late.Message, StringComparison.Ordinal);
        Assert.Contains("in another pid namespace", late.Message, StringComparison.Ordinal);
    }
}
