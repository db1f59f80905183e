using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

[SlowRun]
public sealed class LocksTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Locks_shows_owners_and_waiters()
    {
        var none = await _home.RunAsync("locks", "--output", "text");
        Assert.True(none is { ExitCode: 0, Output: "", Error: "" }, none.ToString());
        var unknown = await _home.RunAsync("locks", "build");
        Assert.True(unknown is { ExitCode: 3, Output: "" }, unknown.ToString());

        var holder = _home.Start("lock", "build", "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await holder.LineAsync());
        var waiter = _home.Start("lock", "build", "--", "true");
        var seen = await WaitingAsync("build", 1);

        Assert.Equal("mutex", seen.GetProperty("kind").GetString());
        Assert.Equal(holder.Id, seen.GetProperty("holders")[0].GetProperty("pid").GetInt32());
        Assert.Contains("lock build -- sh", seen.GetProperty("holders")[0].GetProperty("program").GetString(), StringComparison.Ordinal);
        Assert.Equal(waiter.Id, seen.GetProperty("waiters")[0].GetProperty("pid").GetInt32());
        Assert.Equal(waiter.Id, seen.GetProperty("waiters")[0].GetProperty("thread").GetInt32());
        var table = await _home.RunAsync("locks");
        Assert.Equal(
            ["LOCK", "KIND", "STATE", "PID", "THREAD", "SINCE", "PROGRAM"],
            table.Lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            ["inside", "waits"], table.Lines[1..].Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]));
        Assert.Equal(table.Output, (await _home.RunAsync("list", "--locks")).Output);

        holder.Close();
        await holder.ExitAsync();
        await waiter.EndAsync();
        Assert.Equal("build\tmutex\tfree\t\t\t\t\n", (await _home.RunAsync("locks", "build", "--output", "text")).Output);
        Assert.Empty((await _home.RunAsync("locks", "--output", "text")).Output);
        Assert.Single((await _home.RunAsync("locks", "--output", "text", "--all")).Lines);
    }

    [Fact]
    public async Task An_interrupted_waiter_exits_130_and_leaves_the_queue()
    {
        var holder = _home.Start("lock", "build", "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await holder.LineAsync());
        var waiter = _home.Start("lock", "build", "--", "echo", "in");
        await WaitingAsync("build", 1);
        await waiter.SignalAsync("INT");
        var outcome = await waiter.EndAsync();
        Assert.True(outcome is { ExitCode: 130, Output: "" }, outcome.ToString());
        await WaitingAsync("build", 0);
    }

    /// <summary>Two shells that take two locks in opposite order, each the second inside the first.</summary>
    [Fact]
    public async Task Deadlocks_shows_a_circle_until_one_of_its_processes_ends()
    {
        var none = await _home.RunAsync("deadlocks");
        Assert.True(none is { ExitCode: 0, Output: "", Error: "" }, none.ToString());

        var one = _home.StartShell(
            "fairlead lock a -- sh -c \"echo in; read go; $FAIRLEAD lock b -- true\"".Replace(
                "$FAIRLEAD", string.Join(' ', ToolHome.Tool), StringComparison.Ordinal));
        var two = _home.StartShell(
            "fairlead lock b -- sh -c \"echo in; read go; $FAIRLEAD lock a -- true\"".Replace(
                "$FAIRLEAD", string.Join(' ', ToolHome.Tool), StringComparison.Ordinal));
        Assert.Equal(("in", "in"), (await one.LineAsync(), await two.LineAsync()));
        await one.SayAsync("go");
        var b = await WaitingAsync("b", 1);

        // A long wait is not a circle.
        var half = await _home.RunAsync("deadlocks");
        Assert.True(half is { ExitCode: 0, Output: "" }, half.ToString());

        await two.SayAsync("go");
        var a = await WaitingAsync("a", 1);
        var found = await _home.RunAsync("deadlocks", "--output", "json");
        Assert.True(found is { ExitCode: 1, Error: "" }, found.ToString());
        var waits = JsonDocument.Parse(Assert.Single(found.Lines)).RootElement.GetProperty("waits");
        Assert.Equal(2, waits.GetArrayLength());
        foreach (var (name, seen) in new[] { ("a", a), ("b", b) })
        {
            var wait = waits.EnumerateArray().Single(wait => wait.GetProperty("lock").GetString() == name);
            Assert.Equal(Pid(seen.GetProperty("holders")[0]), Pid(wait.GetProperty("holder")));
            Assert.Equal(Pid(seen.GetProperty("waiters")[0]), Pid(wait.GetProperty("waiter")));
        }

        var text = await _home.RunAsync("deadlocks");
        Assert.True(text.ExitCode == 1 && text.Lines.Length == 3, text.ToString());
        Assert.Contains($"has waited for 'a' since", text.Output, StringComparison.Ordinal);
        Assert.Contains($"held by pid {Pid(b.GetProperty("holders")[0])} (", text.Output, StringComparison.Ordinal);

        using var kill = System.Diagnostics.Process.Start("kill", [$"{Pid(b.GetProperty("waiters")[0])}"]);
        await one.EndAsync();
        await two.EndAsync();
        Assert.Equal(0, (await _home.RunAsync("deadlocks")).ExitCode);
    }

    /// <summary>
    /// One in a semaphore waits for a mutex whose owner waits for the semaphore; another process inside will post a permit.
    /// </summary>
    [Fact]
    public async Task A_wait_that_a_third_process_can_end_is_not_a_deadlock()
    {
        var tool = string.Join(' ', ToolHome.Tool);
        var inside = _home.Start("semaphore", "slots", "--permits", "2", "--", "sh", "-c", $"echo in; read go; {tool} lock m -- true");
        Assert.Equal("in", await inside.LineAsync());
        var other = _home.Start("semaphore", "slots", "--permits", "2", "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await other.LineAsync());
        var owner = _home.Start("lock", "m", "--", "sh", "-c", $"echo in; exec {tool} semaphore slots --permits 2 -- true");
        Assert.Equal("in", await owner.LineAsync());
        await WaitingAsync("slots", 1);
        await inside.SayAsync("go");
        await WaitingAsync("m", 1);
        var none = await _home.RunAsync("deadlocks");
        Assert.True(none is { ExitCode: 0, Output: "", Error: "" }, none.ToString());

        Assert.Equal(0, (await other.EndAsync()).ExitCode);
        Assert.Equal(0, (await owner.EndAsync()).ExitCode);
        Assert.Equal(0, (await inside.EndAsync()).ExitCode);
    }

    private static int Pid(JsonElement party) => party.GetProperty("pid").GetInt32();

    /// <summary>Looks until so many wait for a lock.</summary>
    private async Task<JsonElement> WaitingAsync(string name, int count)
    {
        while (true)
        {
            var seen = JsonDocument.Parse(Assert.Single((await _home.RunAsync("locks", name, "--output", "json")).Lines)).RootElement;
            if (seen.GetProperty("waiters").GetArrayLength() == count)
            {
                return seen;
            }
        }
    }
}
