namespace Fairlead.Tests.Faults;

/// <summary>
/// The process whose system calls fail, for all plays of a class, since its start takes longer than most plays. Where it has ended in one
/// of them, the next begins another.
/// </summary>
public sealed class FaultyPeer : IAsyncDisposable
{
    private PeerProcess? _peer;

    /// <summary>It, with this library between it and the C library.</summary>
    public PeerProcess Running(string library)
    {
        if (_peer is { HasExited: true })
        {
            _peer.Dispose();
            _peer = null;
        }

        // Under the JIT compiler: what is compiled ahead has its imports bound.
        return _peer ??= PeerProcess.StartNumber(1, "faults", library);
    }

    /// <summary>Its input ends, and so does it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_peer is { } peer)
        {
            await using (peer)
            {
                Assert.Equal(0, await peer.FinishAsync());
            }
        }
    }
}
