using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

[SlowRun]
public sealed class LockTests : IDisposable
{
    private const int KilledByKill = 137;
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Lock_exits_with_the_exit_code_of_its_command()
    {
        var seven = await _home.RunAsync("lock", "build", "--", "sh", "-c", "echo \"hello $FAIRLEAD_OWNER_DIED\"; exit 7");
        Assert.True(seven is { ExitCode: 7, Output: "hello \n", Error: "" }, seven.ToString());
        var killed = await _home.RunAsync("lock", "build", "--", "sh", "-c", "kill -TERM $$");
        Assert.True(killed.ExitCode == 143, killed.ToString());
        var missing = await _home.RunAsync("lock", "build", "--", "fairlead-no-such-program");
        Assert.True(missing is { ExitCode: 3, Output: "" }, missing.ToString());
    }

    [Theory]
    [InlineData(2, "use only one of them", "lock", "build", "--shared", "--exclusive", "--", "true")]
    [InlineData(2, "use only one of them", "lock", "build", "--nonblock", "--timeout", "1s", "--", "true")]
    [InlineData(2, "is not a valid name", "lock", "a/b", "--", "true")]
    [InlineData(2, "argument missing", "lock", "build")]
    public async Task Invalid_arguments_are_refused(int code, string said, params string[] arguments)
    {
        var outcome = await _home.RunAsync(arguments);
        Assert.True(outcome.ExitCode == code && outcome.Output.Length == 0, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_nested_lock_is_refused_unless_recursive_is_given()
    {
        string tool = string.Join(' ', ToolHome.Tool);
        var endless = await _home.RunAsync("lock", "build", "--", "sh", "-c", $"{tool} lock build -- echo in");
        Assert.True(endless is { ExitCode: 4, Output: "" }, endless.ToString());
        Assert.Contains("in whose command this one runs", endless.Error, StringComparison.Ordinal);
        Assert.Contains("--recursive", endless.Error, StringComparison.Ordinal);
        var again = await _home.RunAsync("lock", "build", "--", "sh", "-c", $"{tool} lock build --recursive -- echo in; echo out");
        Assert.True(again is { ExitCode: 0, Output: "in\nout\n", Error: "" }, again.ToString());

        // Two different locks, and a command that is not inside.
        var other = await _home.RunAsync("lock", "a", "--", "sh", "-c", $"{tool} lock b --recursive -- echo in");
        Assert.True(other is { ExitCode: 0, Output: "in\n", Error: "" }, other.ToString());

        // Readers may be inside twice. A writer inside a reader, or a reader inside a writer, would wait for itself.
        var readers = await _home.RunAsync("lock", "table", "--shared", "--", "sh", "-c", $"{tool} lock table --shared -- echo in");
        Assert.True(readers is { ExitCode: 0, Output: "in\n", Error: "" }, readers.ToString());
        foreach (var (outer, inner) in new[] { ("--shared", "--exclusive"), ("--exclusive", "--shared"), ("--exclusive", "--exclusive") })
        {
            var both = await _home.RunAsync("lock", "table", outer, "--", "sh", "-c", $"{tool} lock table {inner} -- echo in");
            Assert.True(both is { ExitCode: 4, Output: "" }, both.ToString());
            Assert.Contains("in whose command this one runs", both.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_lock_that_is_not_acquired_names_the_holder()
    {
        var holder = await EnteredAsync();
        var busy = await _home.RunAsync("lock", "build", "--nonblock", "--", "echo", "in");
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Contains($"held by pid {holder.Id} (", busy.Error, StringComparison.Ordinal);
        var late = await _home.RunAsync("lock", "build", "--timeout", "50ms", "--", "echo", "in");
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        Assert.Contains($"held by pid {holder.Id} (", late.Error, StringComparison.Ordinal);
        Assert.Contains("lock build -- sh", late.Error, StringComparison.Ordinal);

        holder.Close();
        Assert.Equal(0, (await holder.ExitAsync()).ExitCode);
        var free = await _home.RunAsync("lock", "build", "--nonblock", "--", "echo", "in");
        Assert.True(free is { ExitCode: 0, Output: "in\n", Error: "" }, free.ToString());
    }

    [Fact]
    public async Task Waiters_enter_after_a_killed_owner_and_see_its_death_until_a_command_succeeds()
    {
        var holder = await EnteredAsync();
        var next = _home.Start("lock", "build", "--", "sh", "-c", "echo \"died $FAIRLEAD_OWNER_DIED\"; exit 1");
        await holder.SignalAsync("KILL");
        var told = await next.EndAsync();
        Assert.True(told is { ExitCode: 1, Output: "died 1\n" }, told.ToString());
        Assert.Contains("the last owner of 'build' died while holding it", told.Error, StringComparison.Ordinal);

        // Its command has gone with it: no other process has its stdout, which would otherwise not end.
        Assert.Equal(KilledByKill, (await holder.ExitAsync()).ExitCode);

        var again = await _home.RunAsync("lock", "build", "--", "true");
        Assert.True(again.ExitCode == 0 && again.Error.Contains("died while holding it", StringComparison.Ordinal), again.ToString());
        var good = await _home.RunAsync("lock", "build", "--", "true");
        Assert.True(good is { ExitCode: 0, Error: "" }, good.ToString());
    }

    [Theory]
    [InlineData("lock build", "lock build")]
    [InlineData("lock table --exclusive", "lock table --shared")]
    [InlineData("lock table --shared", "lock table --exclusive")]
    [InlineData("semaphore slots", "semaphore slots")]
    [InlineData("condition notify inbox", "lock inbox.mutex")]
    [InlineData("lock inbox.mutex", "condition notify inbox")]
    public async Task A_waiter_enters_only_after_the_command_of_a_killed_tool_ends(string first, string next)
    {
        // The kernel kills the command of a dead tool some time later; this command outlives the tool as long as the test wants.
        var holder = _home.Start([
            .. first.Split(' '), "--", "setpriv", "--pdeathsig", "clear", "--", "sh", "-c", "echo $$; read line; echo ended",
        ]);
        string command = (await holder.LineAsync())!;
        await holder.SignalAsync("KILL");

        // Not to its end: the command has its stdout.
        await holder.DiedAsync();
        if (next.StartsWith("condition", StringComparison.Ordinal))
        {
            // It has no limit: it says what it waits for.
            var waiting = _home.Start([.. next.Split(' '), "--", "echo", "in"]);
            Assert.Contains($"waits for pid {command} (", await waiting.ErrorLineAsync("fairlead: waits for"), StringComparison.Ordinal);
            await holder.SayAsync("go");
            var then = await waiting.EndAsync();
            Assert.True(then is { ExitCode: 0, Output: "in\n" }, then.ToString());
            return;
        }

        var busy = await _home.RunAsync([.. next.Split(' '), "--nonblock", "--", "echo", "in"]);
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Contains($"pid {command} (", busy.Error, StringComparison.Ordinal);
        Assert.Contains($"although pid {holder.Id}, which held the lock for it, was killed", busy.Error, StringComparison.Ordinal);
        var late = await _home.RunAsync([.. next.Split(' '), "--timeout", "50ms", "--", "echo", "in"]);
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());

        await holder.SayAsync("go");
        Assert.Equal("ended", await holder.LineAsync());
        var free = await _home.RunAsync([.. next.Split(' '), "--", "echo", "in"]);
        Assert.True(free is { ExitCode: 0, Output: "in\n" }, free.ToString());
        Assert.Empty(Directory.GetFiles(Path.Combine(_home.Runtime, "fairlead", "commands")));
    }

    [Theory]
    [InlineData("lock build")]
    [InlineData("lock build --exclusive")]
    [InlineData("semaphore build")]
    public async Task A_removed_lock_file_admits_no_second_owner_and_is_reported(string verb)
    {
        var holder = _home.Start([.. verb.Split(' '), "--", "sh", "-c", "echo ready; read line; exit 0"]);
        Assert.Equal("ready", await holder.LineAsync());
        File.Delete(Path.Combine(_home.Runtime, "fairlead", "locks", "build"));

        var busy = await _home.RunAsync([.. verb.Split(' '), "--nonblock", "--", "echo", "in"]);
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Contains($"pid {holder.Id}, which holds 'build'", busy.Error, StringComparison.Ordinal);

        // The owner cannot know who else was inside: a program with NamedMutex may have been.
        await holder.SayAsync("go");
        var ended = await holder.ExitAsync();
        Assert.True(ended.ExitCode == 1, ended.ToString());
        Assert.Contains("other processes may have been inside", ended.Error, StringComparison.Ordinal);
        var free = await _home.RunAsync([.. verb.Split(' '), "--nonblock", "--", "echo", "in"]);
        Assert.True(free is { ExitCode: 0, Output: "in\n" }, free.ToString());
    }

    [Fact]
    public async Task A_waiter_does_not_wait_for_processes_that_the_killed_command_started()
    {
        var holder = _home.Start("lock", "build", "--", "sh", "-c", "sleep 600 & echo $!; exec cat");
        string sleeper = (await holder.LineAsync())!;
        await holder.SignalAsync("KILL");
        var next = await _home.RunAsync("lock", "build", "--", "kill", "-KILL", sleeper);
        Assert.True(next.ExitCode == 0, next.ToString());
    }

    [Fact]
    public async Task Readers_share_the_lock_and_a_writer_holds_it_alone()
    {
        var one = await EnteredAsync("--shared");
        var two = await EnteredAsync("--shared");
        var busy = await _home.RunAsync("lock", "build", "--exclusive", "--nonblock", "--", "echo", "in");
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Matches($@"is held by pid ({one.Id}|{two.Id}) \(", busy.Error);
        var writer = _home.Start("lock", "build", "--exclusive", "--", "echo", "in");
        one.Close();
        two.Close();
        Assert.Equal(new Outcome(0, "in\n", ""), await writer.EndAsync());
        await one.ExitAsync();
        await two.ExitAsync();

        // Half written: a reader is told, and only a writer repairs it.
        var killed = await EnteredAsync("--exclusive");
        Assert.Equal(124, (await _home.RunAsync("lock", "build", "--shared", "--timeout", "50ms", "--", "true")).ExitCode);
        await killed.SignalAsync("KILL");
        await killed.ExitAsync();
        foreach (var (how, told) in new[] { ("--shared", "1"), ("--exclusive", "1"), ("--shared", ""), ("--exclusive", "") })
        {
            var next = await _home.RunAsync("lock", "build", how, "--", "sh", "-c", "echo \"died $FAIRLEAD_OWNER_DIED\"");
            Assert.True(next.ExitCode == 0 && next.Output == $"died {told}\n", next.ToString());
        }

        // It is not a mutex.
        Assert.Equal(8, (await _home.RunAsync("lock", "build", "--", "true")).ExitCode);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public async Task Signals_reach_the_command(string signal)
    {
        // Away from the terminal, where there is one: signals of its keyboard are not forwarded.
        var inside = _home.StartProgram([
            "setsid",
            .. ToolHome.Tool,
            "lock",
            "build",
            "--",
            "sh",
            "-c",
            $"trap 'echo asked; exit 5' {signal}; echo ready; while :; do sleep 0.05; done",
        ]);
        Assert.Equal("ready", await inside.LineAsync());
        await inside.SignalAsync(signal);
        var outcome = await inside.EndAsync();
        Assert.True(outcome is { ExitCode: 5, Output: "asked\n" }, outcome.ToString());
    }

    /// <summary>One who is inside until its input ends.</summary>
    private async Task<ToolProcess> EnteredAsync(params string[] how)
    {
        var holder = _home.Start(["lock", "build", .. how, "--", "sh", "-c", "echo in; exec cat"]);
        Assert.Equal("in", await holder.LineAsync());
        return holder;
    }
}
