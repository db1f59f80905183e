using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class SemaphoreTests : IDisposable
{
    private const int KilledByKill = 137;
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Semaphore_exits_with_the_exit_code_of_its_command()
    {
        var seven = await _home.RunAsync("semaphore", "slots", "--permits", "2", "--", "sh", "-c", "echo hello; exit 7");
        Assert.True(seven is { ExitCode: 7, Output: "hello\n", Error: "" }, seven.ToString());
        var killed = await _home.RunAsync("semaphore", "slots", "--permits", "2", "--", "sh", "-c", "kill -TERM $$");
        Assert.True(killed.ExitCode == 143, killed.ToString());
    }

    [Theory]
    [InlineData(2, "use only one of them", "semaphore", "slots", "--nonblock", "--timeout", "1s", "--", "true")]
    [InlineData(2, "is not a valid name", "semaphore", "a/b", "--", "true")]
    [InlineData(2, "argument missing", "semaphore", "slots")]
    [InlineData(2, "takes a number of 1 or more", "semaphore", "slots", "--permits", "0", "--", "true")]
    [InlineData(2, "4096", "semaphore", "slots", "--permits", "5000", "--", "true")]
    public async Task Invalid_arguments_are_refused(int code, string said, params string[] arguments)
    {
        var outcome = await _home.RunAsync(arguments);
        Assert.True(outcome.ExitCode == code && outcome.Output.Length == 0, outcome.ToString());
        Assert.Contains(said, outcome.Error.Replace("'", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Semaphore_admits_one_command_per_permit_and_names_a_holder_to_the_next()
    {
        var one = await EnteredAsync();
        var two = await EnteredAsync();
        var busy = await _home.RunAsync("semaphore", "slots", "--permits", "2", "--nonblock", "--", "echo", "in");
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Matches($@"2 of 2 are held, one of them by pid ({one.Id}|{two.Id}) \(", busy.Error);
        var late = await _home.RunAsync("semaphore", "slots", "--permits", "2", "--timeout", "50ms", "--", "echo", "in");
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        var other = await _home.RunAsync("semaphore", "slots", "--permits", "3", "--", "echo", "in");
        Assert.True(other is { ExitCode: 8, Output: "" }, other.ToString());
        Assert.Equal(
            2,
            (await _home.RunAsync("locks", "slots", "--output", "text")).Lines.Count(static line =>
                line.Contains("\tinside\t", StringComparison.Ordinal)));

        one.Close();
        Assert.Equal(0, (await one.ExitAsync()).ExitCode);
        var free = await _home.RunAsync("semaphore", "slots", "--permits", "2", "--nonblock", "--", "echo", "in");
        Assert.True(free is { ExitCode: 0, Output: "in\n", Error: "" }, free.ToString());
        two.Close();
        await two.ExitAsync();
    }

    [Fact]
    public async Task The_permit_of_a_killed_holder_is_released()
    {
        var one = await EnteredAsync();
        var two = await EnteredAsync();
        var next = _home.Start("semaphore", "slots", "--permits", "2", "--", "echo", "in");
        await one.SignalAsync("KILL");
        var entered = await next.EndAsync();
        Assert.True(entered is { ExitCode: 0, Output: "in\n", Error: "" }, entered.ToString());

        // Its command has gone with it: no other process has its stdout, which would otherwise not end.
        Assert.Equal(KilledByKill, (await one.ExitAsync()).ExitCode);
        two.Close();
        await two.ExitAsync();
    }

    /// <summary>One who is inside until its input ends.</summary>
    private async Task<ToolProcess> EnteredAsync()
    {
        var holder = _home.Start("semaphore", "slots", "--permits", "2", "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await holder.LineAsync());
        return holder;
    }
}
