using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Orphans of which this process becomes the parent.</summary>
[SlowRun(Reason = "orphans of real processes are adopted and ended")]
public sealed class AdoptedChildrenTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Count = 10;

    [Fact]
    public async Task Orphans_are_collected_and_children_of_both_kinds_keep_their_status()
    {
        PeerProcess guardian = Track(PeerProcess.Start("guardian", $"{Count}", $"{Count}"));
        Assert.Equal($"ok {Codes(7)} {Codes(5)}", await guardian.ReadLineAsync());
        Assert.Equal("collected", await guardian.ReadLineAsync());
    }

    /// <summary>There the runtime would collect every child, if it handled SIGCHLD.</summary>
    [PidNamespaceFact]
    public async Task Orphans_of_pid_1_are_collected_and_its_children_keep_their_status()
    {
        PeerProcess guardian = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "guardian", $"{Count}", "0"));
        Assert.Equal($"ok {Codes(7)}", await guardian.ReadLineAsync());
        Assert.Equal("collected", await guardian.ReadLineAsync());
    }

    private static string Codes(int code) => string.Join(' ', Enumerable.Repeat(code, Count));

    [Fact]
    public void A_process_that_adopts_no_orphans_has_no_collector()
    {
        using IDisposable collecting = ChildProcess.CollectAdopted();
        Assert.IsType<AdoptedChildren.NoCollector>(collecting);
    }
}
