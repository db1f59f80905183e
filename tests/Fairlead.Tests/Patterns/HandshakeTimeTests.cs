using System.Diagnostics;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Patterns.Links;
using Fairlead.Tests.Conformance;
using Fairlead.Tests.Faults;
using RawPeer = Fairlead.Tests.Hostile.RawPeer;

namespace Fairlead.Tests.Patterns;

/// <summary>How long a peer has for its introduction.</summary>
public sealed class HandshakeTimeTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Time = TimeSpan.FromMilliseconds(20);

    /// <summary>On a busy machine, the thread that reads may run later than the one that checks the time.</summary>
    [Fact]
    public async Task An_introduction_that_is_there_counts_although_no_thread_has_read_it()
    {
        UnixNameUnderTest transport = new();
        Receiver receiver = Track(await Receiver.BindAsync(transport.NewPlace(), new() { HandshakeTimeout = Time }));
        EndpointCore core = receiver.Core;
        Completions completions = Completions.Rent();

        // From here on, only this test reads.
        await Polling.Until(() => BlockedOutputTests.TryLead(core.Pump));
        Socket peer = Track(transport.ConnectRaw(receiver.Address));
        peer.Send(RawPeer.Hello(PatternKind.Sender));
        await Polling.Until(() =>
        {
            core.Pump.Turn(TimeSpan.Zero, completions);
            return core.Table.All.Length == 1;
        });
        Link link = core.Table.All[0];
        Assert.Equal(LinkState.Handshaking, link.State);

        Stopwatch since = Stopwatch.StartNew();
        await Polling.Until(() => since.Elapsed > 5 * Time);
        new PumpRole(core.Pump, completions, isReactor: false).Dispose();
        await Polling.Until(() => link.State != LinkState.Handshaking);
        Assert.Equal((LinkState.Up, null), (link.State, link.Failure));
    }
}
