using System.Diagnostics;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Tests.Conformance;
using Fairlead.Tests.Faults;
using RawPeer = Fairlead.Tests.Hostile.RawPeer;

namespace Fairlead.Tests.Patterns;

/// <summary>How long a peer has for its introduction.</summary>
public sealed class HandshakeTimeTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Time = TimeSpan.FromMilliseconds(20);

    private readonly UnixNameUnderTest _transport = new();

    /// <summary>On a busy machine, the thread that reads may run later than the one that checks the time.</summary>
    [Fact]
    public async Task An_introduction_that_arrived_in_time_counts_although_no_thread_has_read_it()
    {
        Receiver receiver = Track(await Receiver.BindAsync(_transport.NewPlace(), new() { HandshakeTimeout = Time }));
        (Link link, Completions completions) = await IntroduceUnreadAsync(receiver);
        Stopwatch since = Stopwatch.StartNew();
        await Polling.Until(() => since.Elapsed > 5 * Time);
        new PumpRole(receiver.Core.Pump, completions, isReactor: false).Dispose();
        await Polling.Until(() => link.State != LinkState.Handshaking);
        Assert.Equal((LinkState.Up, null), (link.State, link.Failure));
    }

    [Fact]
    public async Task An_unread_introduction_counts_by_the_users_clock_too()
    {
        ManualClock clock = new();
        Receiver receiver = Track(
            await Receiver.BindAsync(_transport.NewPlace(), new() { HandshakeTimeout = Time, TimeProvider = clock }));
        (Link link, Completions completions) = await IntroduceUnreadAsync(receiver);
        int armed = clock.Armed;
        Task advancing = OnThread(() => clock.Advance(Time));
        await Polling.Until(() => clock.Armed < armed);
        new PumpRole(receiver.Core.Pump, completions, isReactor: false).Dispose();
        await advancing;
        await Polling.Until(() => link.State != LinkState.Handshaking);
        Assert.Equal((LinkState.Up, null), (link.State, link.Failure));
    }

    /// <summary>Returns a link whose peer has introduced itself. Until its pump role is given back, only the test reads.</summary>
    private async Task<(Link Link, Completions Completions)> IntroduceUnreadAsync(Receiver receiver)
    {
        EndpointCore core = receiver.Core;
        Completions completions = Completions.Rent();
        await Polling.Until(() => BlockedOutputTests.TryLead(core.Pump));
        Socket peer = Track(_transport.ConnectRaw(receiver.Address));
        peer.Send(RawPeer.Hello(PatternKind.Sender));
        await Polling.Until(() =>
        {
            core.Pump.Turn(TimeSpan.Zero, completions);
            return core.Table.All.Length == 1;
        });
        Assert.Equal(LinkState.Handshaking, core.Table.All[0].State);
        return (core.Table.All[0], completions);
    }
}
