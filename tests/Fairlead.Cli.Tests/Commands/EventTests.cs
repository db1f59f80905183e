using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class EventTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task An_event_is_clear_until_it_is_set_and_after_it_is_cleared()
    {
        Assert.Equal(1, (await _home.RunAsync("event", "is-set", "go")).ExitCode);
        var late = await _home.RunAsync("event", "wait", "go", "--timeout", "50ms");
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        Assert.Contains("'go'", late.Error, StringComparison.Ordinal);
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("event", "set", "go"));
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("event", "is-set", "go"));
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("event", "wait", "go"));
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("event", "wait", "go", "--timeout", "0s"));
        Assert.Equal(new Outcome(0, "", ""), await _home.RunAsync("event", "clear", "go"));
        Assert.Equal(1, (await _home.RunAsync("event", "is-set", "go")).ExitCode);
    }

    [Fact]
    public async Task Pulse_releases_the_current_waiters_and_leaves_the_event_clear()
    {
        var waiters = Enumerable.Range(0, 3).Select(_ => _home.Start("event", "wait", "go")).ToArray();
        await WaitingAsync(3);
        Assert.Equal(0, (await _home.RunAsync("event", "pulse", "go")).ExitCode);
        foreach (var waiter in waiters)
        {
            Assert.Equal(new Outcome(0, "", ""), await waiter.EndAsync());
        }

        Assert.Equal(1, (await _home.RunAsync("event", "is-set", "go")).ExitCode);
    }

    [Fact]
    public async Task Each_set_of_an_automatic_event_releases_one_waiter()
    {
        var waiters = Enumerable.Range(0, 2).Select(_ => _home.Start("event", "wait", "go", "--auto")).ToArray();
        await WaitingAsync(2);
        Assert.Equal(0, (await _home.RunAsync("event", "set", "go")).ExitCode);
        await WaitingAsync(1);
        Assert.Equal(1, (await _home.RunAsync("event", "is-set", "go")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("event", "set", "go")).ExitCode);
        foreach (var waiter in waiters)
        {
            Assert.Equal(new Outcome(0, "", ""), await waiter.EndAsync());
        }

        // There is no waiter: it stays set until one comes.
        Assert.Equal(0, (await _home.RunAsync("event", "set", "go")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("event", "wait", "go")).ExitCode);
        Assert.Equal(124, (await _home.RunAsync("event", "wait", "go", "--timeout", "50ms")).ExitCode);
    }

    [Fact]
    public async Task A_waiter_exits_130_when_it_is_interrupted()
    {
        var waiter = _home.Start("event", "wait", "go");
        await WaitingAsync(1);
        await waiter.SignalAsync("INT");
        Assert.Equal(130, (await waiter.EndAsync()).ExitCode);
    }

    /// <summary>Looks until so many wait.</summary>
    private async Task WaitingAsync(int count)
    {
        while ((await _home.RunAsync("locks", "--output", "text")).Lines.Count(static line =>
            line.Contains("\twaits\t", StringComparison.Ordinal)
        ) != count) { }
    }
}
