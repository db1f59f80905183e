using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class BarrierTests : IDisposable
{
    private const int KilledByKill = 137;
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task All_parties_continue_when_the_last_one_arrives()
    {
        var early = Start(2);
        await WaitingAsync(2);
        var late = await _home.RunAsync("barrier", "ready", "--parties", "3", "--timeout", "0s");
        Assert.Equal(new Outcome(0, "", ""), late);
        foreach (var one in early)
        {
            Assert.Equal(new Outcome(0, "", ""), await one.EndAsync());
        }

        var line = Assert.Single((await _home.RunAsync("locks", "ready", "--output", "text")).Lines);
        Assert.Contains("barrier\t0 of 3 arrived, phase 1", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shells_pass_five_phases_although_some_exit_slowly()
    {
        const string Round = "for i in 1 2 3 4 5; do fairlead barrier ready --parties 3 || exit; done";
        var shells = Enumerable.Range(0, 3).Select(_ => _home.StartShell(Round)).ToArray();
        foreach (var shell in shells)
        {
            Assert.Equal(new Outcome(0, "", ""), await shell.EndAsync());
        }

        Assert.Contains(
            "0 of 3 arrived, phase 5", (await _home.RunAsync("locks", "ready", "--output", "text")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_party_waits_for_a_free_slot_until_its_timeout()
    {
        // One that has passed, and is stopped before it can go.
        var early = Start(2);
        await WaitingAsync(2);
        await early[0].SignalAsync("STOP");
        Assert.Equal(0, (await _home.RunAsync("barrier", "ready", "--parties", "3")).ExitCode);
        Assert.Equal(0, (await early[1].EndAsync()).ExitCode);
        var next = Start(2);
        await WaitingAsync(3);
        var tooMany = await _home.RunAsync("barrier", "ready", "--parties", "3", "--timeout", "50ms");
        Assert.True(tooMany is { ExitCode: 124, Output: "" }, tooMany.ToString());
        Assert.Contains(
            "the barrier 'ready' already has all of its 3 parties, and none has left within 50 ms",
            tooMany.Error,
            StringComparison.Ordinal);
        var patient = _home.Start("barrier", "ready", "--parties", "3");
        await early[0].SignalAsync("CONT");
        foreach (var one in new[] { early[0], next[0], next[1], patient })
        {
            Assert.Equal(new Outcome(0, "", ""), await one.EndAsync());
        }
    }

    [Fact]
    public async Task A_party_that_times_out_or_is_interrupted_does_not_count_as_arrived()
    {
        var late = await _home.RunAsync("barrier", "ready", "--parties", "3", "--timeout", "50ms");
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        Assert.Contains("the barrier 'ready' was not complete within 0.05 s: 1 of 3 had arrived", late.Error, StringComparison.Ordinal);
        var interrupted = Start(1)[0];
        await WaitingAsync(1);
        await interrupted.SignalAsync("INT");
        Assert.Equal(130, (await interrupted.EndAsync()).ExitCode);
        var again = await _home.RunAsync("barrier", "ready", "--parties", "3", "--timeout", "50ms");
        Assert.True(again is { ExitCode: 124, Output: "" }, again.ToString());
        Assert.Contains("1 of 3 had arrived", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_party_breaks_the_barrier_until_it_is_reset()
    {
        var both = Start(2);
        await WaitingAsync(2);
        await both[0].SignalAsync("KILL");
        var told = await both[1].EndAsync();
        Assert.True(told is { ExitCode: 6, Output: "" }, told.ToString());
        Assert.Contains($"is broken: pid {both[0].Id}", told.Error, StringComparison.Ordinal);
        Assert.Contains("fairlead barrier ready --parties 3 --reset", told.Error, StringComparison.Ordinal);
        Assert.Equal(KilledByKill, (await both[0].ExitAsync()).ExitCode);
        Assert.Equal(6, (await _home.RunAsync("barrier", "ready", "--parties", "3")).ExitCode);
        Assert.Contains("\tbroken\t", (await _home.RunAsync("locks", "ready", "--output", "text")).Output, StringComparison.Ordinal);
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("barrier", "ready", "--parties", "3", "--reset"));
        var next = Start(2);
        await WaitingAsync(2);
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("barrier", "ready", "--parties", "3"));
        Assert.Equal(0, (await next[0].EndAsync()).ExitCode);
        Assert.Equal(0, (await next[1].EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData(2, "--parties", "barrier", "ready")]
    [InlineData(2, "takes a number of 1 or more", "barrier", "ready", "--parties", "0")]
    [InlineData(2, "1024", "barrier", "ready", "--parties", "1025")]
    [InlineData(2, "is not a valid name", "barrier", "a/b", "--parties", "2")]
    [InlineData(2, "does not wait", "barrier", "ready", "--parties", "2", "--reset", "--timeout", "1s")]
    public async Task Invalid_arguments_are_refused(int code, string said, params string[] arguments)
    {
        var outcome = await _home.RunAsync(arguments);
        Assert.True(outcome.ExitCode == code && outcome.Output.Length == 0, outcome.ToString());
        Assert.Contains(said, outcome.Error.Replace("'", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private ToolProcess[] Start(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _home.Start("barrier", "ready", "--parties", "3"))];

    /// <summary>Looks until so many wait.</summary>
    private async Task WaitingAsync(int count)
    {
        while ((await _home.RunAsync("locks", "--output", "text")).Lines.Count(static line =>
            line.Contains("\twaits", StringComparison.Ordinal)
        ) != count) { }
    }
}
