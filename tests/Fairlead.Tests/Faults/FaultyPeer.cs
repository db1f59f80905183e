namespace Fairlead.Tests.Faults;

/// <summary>
/// The process whose system calls fail. All plays of a class share it, because its start takes longer than most plays. If it ends in one of
/// them, the next starts another.
/// </summary>
public sealed class FaultyPeer : IAsyncDisposable
{
    private PeerProcess? _peer;

    /// <summary>Returns the process, with this library between it and the C library.</summary>
    public PeerProcess Running(string library)
    {
        if (_peer is { HasExited: true })
        {
            _peer.Dispose();
            _peer = null;
        }

        // Under the JIT compiler: a program compiled ahead of time has its imports bound.
        return _peer ??= PeerProcess.StartNumber(1, "faults", library);
    }

    /// <summary>Ends its input, which ends the process.</summary>
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
