using System.Globalization;
using Fairlead.Conformance.Faults;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>
/// The clock and the connection of an endpoint throw: at the first call, the second, and so on, until the play ends before the fault.
/// Whatever that does to the play, it ends, its endpoints close, nothing is left in them, and the name is free.
/// </summary>
[SlowRun(Reason = "a fault at each call of two plays")]
public sealed class FaultTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Most = 2_000;

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(20);

    public static TheoryData<string, string, bool> Cases => CasesOf(FaultPlays.InDefaultRun);

    public static TheoryData<string, string, bool> OtherCases => CasesOf(FaultPlays.Names.Except(FaultPlays.InDefaultRun));

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Everything_ends_and_the_name_is_free_if_any_call_of_the_clock_throws(string play, string scheme, bool isAtTheBoundEnd) =>
        FailEachClockCallAsync(play, scheme, isAtTheBoundEnd);

    [FullRun(Reason.OtherPlay)]
    [Theory]
    [MemberData(nameof(OtherCases))]
    public Task Each_throwing_call_of_the_clock_in_another_play_leaves_the_name_free(string play, string scheme, bool isAtTheBoundEnd) =>
        FailEachClockCallAsync(play, scheme, isAtTheBoundEnd);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Everything_ends_and_the_name_is_free_if_any_call_of_a_connection_throws(string play, string scheme, bool isAtTheBoundEnd) =>
        FailEachConnectionCallAsync(play, scheme, isAtTheBoundEnd);

    [FullRun(Reason.OtherPlay)]
    [Theory]
    [MemberData(nameof(OtherCases))]
    public Task Each_throwing_call_of_a_connection_in_another_play_leaves_the_name_free(string play, string scheme, bool isAtTheBoundEnd) =>
        FailEachConnectionCallAsync(play, scheme, isAtTheBoundEnd);

    /// <summary>
    /// Messages queued at the sender, the oldest of which is dropped when there are too many: each is received, or counted as missed.
    /// </summary>
    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    [InlineData("shm")]
    public async Task Each_message_is_received_or_counted_if_any_call_of_a_connection_throws(string scheme)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        int kept = 0;
        int at = 1;
        for (; at < Most; at++)
        {
            FaultPlan plan = new(at);
            FaultyTransport.Spoil(place, null, plan);
            try
            {
                kept += await IsKeptAsync(place) ? 1 : 0;
            }
            catch (Exception exception) when (exception is InjectedFaultException or FairleadException)
            {
                Output.WriteLine($"{at}: they did not come together: {exception.Message}");
            }

            if (plan.Calls < at)
            {
                break;
            }
        }

        FaultyTransport.Mend(place);
        Output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{at - 1} calls were reached, and {kept} times the connection was kept"));
        Assert.InRange(at, 2, Most - 1);
        Assert.InRange(kept, 2, at);
    }

    /// <summary>Returns whether a connection survives a few messages; then all of them are received, or counted as missed.</summary>
    private static async Task<bool> IsKeptAsync(Address place)
    {
        using Receiver receiver = Receiver.Bind(place.With("messages", "1"));
        using Sender sender = await Sender.ConnectAsync(place.With("messages", "3").With("full", "drop-oldest"));
        int sent = 0;
        for (int i = 0; i < 8; i++)
        {
            try
            {
                sender.Send([(byte)i]);
                sent++;
            }
            catch (Exception exception) when (exception is InjectedFaultException or FairleadException)
            {
                // The caller knows that it was not sent.
            }
        }

        long received = 0;
        bool isKept = true;
        await Polling.Until(() =>
        {
            isKept = sender.Core.LinkSnapshot.Length > 0;
            while (receiver.TryReceive(out Message message))
            {
                received++;
                message.Dispose();
            }

            return !isKept || received + receiver.Statistics.Missed == sent;
        });
        return isKept;
    }

    /// <param name="play">The name of the play.</param>
    /// <param name="scheme">The scheme of the transport.</param>
    /// <param name="isAtTheBoundEnd">Whether the bound end is the faulty one.</param>
    /// <param name="spoil">Injects the faults, and returns the clock of the faulty end.</param>
    private async Task ReachAllAsync(string play, string scheme, bool isAtTheBoundEnd, Func<FaultPlan, Address, bool, TimeProvider?> spoil)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        EndpointOptions sound = new() { Heartbeat = TimeSpan.FromSeconds(1) };
        int failed = 0;
        int at = 1;
        for (; at < Most; at++)
        {
            FaultPlan plan = new(at);
            EndpointOptions faulty = spoil(plan, place, isAtTheBoundEnd) is { } clock
                ? new EndpointOptions { TimeProvider = clock, Heartbeat = TimeSpan.FromSeconds(1) }
                : sound;
            (EndpointOptions bound, EndpointOptions connecting) = isAtTheBoundEnd ? (faulty, sound) : (sound, faulty);
            if (await FaultPlays.PlayAsync(play, place, bound, connecting, Soon) is { } failure)
            {
                failed++;
                Output.WriteLine($"{at}: {failure.GetType().Name}: {failure.Message}");
            }

            FaultyTransport.Mend(place);
            Assert.Null(await FaultPlays.PlayAsync(play, place, sound, sound, Late));
            if (plan.Calls < at)
            {
                break;
            }
        }

        Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{at - 1} calls were reached, of which {failed} ended the play"));
        Assert.InRange(at, 2, Most - 1);
    }

    private static TheoryData<string, string, bool> CasesOf(IEnumerable<string> plays)
    {
        TheoryData<string, string, bool> cases = [];
        foreach (string play in plays)
        {
            foreach (string scheme in new[] { "inproc", "unix", "shm" })
            {
                cases.Add(play, scheme, true);
                cases.Add(play, scheme, false);
            }
        }

        return cases;
    }

    private Task FailEachClockCallAsync(string play, string scheme, bool isAtTheBoundEnd) =>
        ReachAllAsync(play, scheme, isAtTheBoundEnd, static (plan, _, _) => new FailingClock(plan));

    private Task FailEachConnectionCallAsync(string play, string scheme, bool isAtTheBoundEnd) =>
        ReachAllAsync(play, scheme, isAtTheBoundEnd, static (plan, place, isBound) =>
        {
            FaultyTransport.Spoil(place, isBound ? plan : null, isBound ? null : plan);
            return null;
        });
}
