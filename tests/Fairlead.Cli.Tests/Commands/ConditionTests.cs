using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class ConditionTests : IDisposable
{
    private static readonly Outcome Good = new(0, "", "");

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_waiter_runs_its_test_again_after_each_notification()
    {
        Assert.Equal(124, (await _home.RunAsync("condition", "wait", "inbox", "--timeout", "50ms", "--", "test", "-e", "mail")).ExitCode);
        var waiter = _home.Start("condition", "wait", "inbox", "--", "test", "-e", "mail");
        await WaitingAsync(1);

        // Told, and it is not so.
        Assert.Equal(Good, await _home.RunAsync("condition", "notify", "inbox"));
        await WaitingAsync(1);
        Assert.Equal(Good, await _home.RunAsync("condition", "notify", "inbox", "--", "touch", "mail"));
        Assert.Equal(Good, await waiter.EndAsync());

        // So already: it does not wait.
        Assert.Equal(Good, await _home.RunAsync("condition", "wait", "inbox", "--", "test", "-e", "mail"));
    }

    [Fact]
    public async Task Notify_wakes_one_waiter_or_all_waiters()
    {
        var first = _home.Start("condition", "wait", "go");
        await WaitingAsync(1);
        var second = _home.Start("condition", "wait", "go");
        await WaitingAsync(2);
        var third = _home.Start("condition", "wait", "go");
        await WaitingAsync(3);
        Assert.Equal(Good, await _home.RunAsync("condition", "notify", "go"));
        Assert.Equal(Good, await first.EndAsync());
        await WaitingAsync(2);
        Assert.Equal(Good, await _home.RunAsync("condition", "notify", "go", "--all"));
        Assert.Equal(Good, await second.EndAsync());
        Assert.Equal(Good, await third.EndAsync());
    }

    [Fact]
    public async Task Notify_wakes_no_waiter_if_its_command_fails()
    {
        var waiter = _home.Start("condition", "wait", "go", "--mutex", "build");
        await WaitingAsync(1);
        Assert.Equal(7, (await _home.RunAsync("condition", "notify", "go", "--mutex", "build", "--", "sh", "-c", "exit 7")).ExitCode);
        await WaitingAsync(1);

        // Another mutex is another one's condition.
        var other = await _home.RunAsync("condition", "notify", "go", "--mutex", "other");
        Assert.True(other is { ExitCode: 8, Output: "" }, other.ToString());
        await waiter.SignalAsync("INT");
        Assert.Equal(130, (await waiter.EndAsync()).ExitCode);
        await WaitingAsync(0);
    }

    [Fact]
    public async Task The_command_of_notify_holds_the_mutex()
    {
        var inside = _home.Start("condition", "notify", "go", "--mutex", "build", "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await inside.LineAsync());
        Assert.Equal(4, (await _home.RunAsync("lock", "build", "--nonblock", "--", "true")).ExitCode);
        Assert.Equal(124, (await _home.RunAsync("condition", "wait", "go", "--mutex", "build", "--timeout", "50ms")).ExitCode);
        Assert.Equal(Good with { Output = "" }, await inside.EndAsync());
    }

    /// <summary>Looks until so many wait for a condition.</summary>
    private async Task WaitingAsync(int count)
    {
        while ((await _home.RunAsync("locks", "--output", "text")).Lines.Count(static line =>
            line.Contains("\tcondition\twaits\t", StringComparison.Ordinal)
        ) != count) { }
    }
}
