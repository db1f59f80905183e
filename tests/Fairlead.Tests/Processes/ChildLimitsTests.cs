using Fairlead.Processes;
using Fairlead.Processes.Starting;

namespace Fairlead.Tests.Processes;

public sealed class ChildLimitsTests
{
    private const string Show = "ulimit -S -d; ulimit -H -d; ulimit -S -t; ulimit -H -t; ulimit -S -n; ulimit -H -n";

    [Fact]
    public async Task A_child_has_its_limits_from_the_beginning() =>
        Assert.Equal(
            "20000\n20000\n3\n8\n60\n60",
            await Script.RunAsync(
                Show,
                new()
                {
                    Limits = new() { Memory = 20_000 * 1024, ProcessorTime = TimeSpan.FromSeconds(2.5), OpenFiles = 60 },
                    TiedToParent = true,
                }));

    [Fact]
    public async Task Limits_that_are_not_set_are_those_of_this_process()
    {
        string own = await Script.RunAsync(Show);
        Assert.Equal(own, await Script.RunAsync(Show, new() { Limits = new() }));

        string[] lines = (await Script.RunAsync(Show, new() { Limits = new() { OpenFiles = 50 } })).Split('\n');
        Assert.Equal([.. own.Split('\n')[..4], "50", "50"], lines);
    }

    [Fact]
    public async Task A_limit_above_the_limit_of_this_process_is_reduced_to_it()
    {
        string[] own = (await Script.RunAsync(Show)).Split('\n');
        string[] lines = (await Script.RunAsync(Show, new() { Limits = new() { OpenFiles = int.MaxValue } })).Split('\n');
        Assert.Equal([own[5], own[5]], lines[4..]);
    }

    [Fact]
    public async Task A_child_cannot_use_more_memory()
    {
        const string Much = "x=$(head -c 40000000 /dev/zero | tr '\\0' x); echo ${#x}";
        Assert.Equal("40000000", await Script.RunAsync(Much));

        await using ChildProcess child = Script.Start(
            Much, new() { Limits = new() { Memory = 10_000_000 }, StandardError = Redirection.Null });
        Assert.Equal("", await Script.ReadAsync(child.StandardOutput));
        Assert.False((await child.ExitAsync()).IsSuccess);
    }

    [Fact]
    public void Limits_are_positive()
    {
        Refused(new() { Memory = 0 });
        Refused(new() { ProcessorTime = TimeSpan.Zero });
        Refused(new() { OpenFiles = -1 });
        Assert.Equal("", ResourceLimits.Commands(null, null, null));

        static void Refused(ChildLimits limits) =>
            Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", options: new() { Limits = limits }));
    }

    [Fact]
    public async Task EndsGroup_ends_the_group_with_its_leader()
    {
        const string Leaving = "sleep 1000 & echo left";
        await using ChildProcess child = Script.Start(Leaving, new() { Group = ProcessGroup.New, EndsGroup = true });

        // The output ends when the sleeper, which has it too, is dead.
        Assert.Equal("left", await Script.ReadAsync(child.StandardOutput));
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
        Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", options: new() { EndsGroup = true }));
    }
}
