using Fairlead.Processes;
using static Fairlead.Tests.Processes.Supervision.Supervised;

namespace Fairlead.Tests.Processes.Supervision;

public sealed class RestartStrategyTests
{
    private static readonly SupervisedChild[] Three = [Lasting("a"), Lasting("b"), Lasting("c")];
    private static readonly string[] Start = ["Started a", "Started b", "Started c"];

    [Fact]
    public async Task Children_start_in_order_and_end_in_reverse()
    {
        await using Supervised supervised = new(Three);
        await supervised.NextAsync<SupervisedChange.Started>("c");
        Assert.Equal(Start, supervised.Seen());
        Assert.Equal(["a", "b", "c"], supervised.Supervisor.Children.Select(static child => child.Name));
        Assert.All(supervised.Supervisor.Children, static child => Assert.Equal(SupervisedStatus.Running, child.Status));

        await supervised.EndAsync();

        Assert.Equal(["Exited c", "Stopped c", "Exited b", "Stopped b", "Exited a", "Stopped a"], supervised.Seen());
        Assert.All(
            supervised.Supervisor.Children,
            static child =>
            {
                Assert.Equal(SupervisedStatus.Stopped, child.Status);
                Assert.Equal(new ChildExit.Killed(Signal.Terminate, CoreDumped: false), child.LastExit);
                Assert.Null(child.ProcessId);
            });
        await supervised.Supervisor.AllEndedAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => supervised.Supervisor.RestartAsync("a"));
    }

    [Theory]
    [InlineData(RestartStrategy.OneForOne, new string[0], new[] { "b" })]
    [InlineData(RestartStrategy.OneForAll, new[] { "c", "a" }, new[] { "a", "b", "c" })]
    [InlineData(RestartStrategy.RestForOne, new[] { "c" }, new[] { "b", "c" })]
    public async Task A_failed_child_is_restarted_together_with_the_children_that_the_strategy_selects(
        RestartStrategy strategy, string[] ended, string[] restarted)
    {
        await using Supervised supervised = new(Three, strategy);
        await supervised.NextAsync<SupervisedChange.Started>("c");
        SupervisedState[] before = [.. supervised.Supervisor.Children];
        supervised.Seen();

        Kill(before[1].ProcessId!.Value);
        await supervised.NextAsync<SupervisedChange.Started>(restarted[^1]);

        Assert.Equal(
            [
                "Exited b",
                .. ended.Select(static name => $"Exited {name}"),
                .. restarted.Select(static name => $"Restarting {name}"),
                .. restarted.Select(static name => $"Started {name}"),
            ],
            supervised.Seen());
        foreach ((SupervisedState old, SupervisedState now) in before.Zip(supervised.Supervisor.Children))
        {
            Assert.Equal(restarted.Contains(now.Name), old.ProcessId != now.ProcessId);
            Assert.Equal(restarted.Contains(now.Name) ? 1 : 0, now.Restarts);
        }
    }

    [Theory]
    [InlineData(RestartStrategy.OneForOne, new string[0])]
    [InlineData(RestartStrategy.OneForAll, new[] { "c", "a" })]
    [InlineData(RestartStrategy.RestForOne, new[] { "c" })]
    public async Task A_child_that_is_given_up_ends_the_children_that_the_strategy_ties_to_it(RestartStrategy strategy, string[] ended)
    {
        await using Supervised supervised = new([Three[0], Script("b", "exit 3") with { RestartLimit = 0 }, Three[2]], strategy);

        // By its end it may have taken the third along before that one has started.
        SupervisedChange.GivenUp given = await supervised.NextAsync<SupervisedChange.GivenUp>("b");
        Assert.Equal("it exited with 3", given.Reason);
        foreach (string name in ended)
        {
            await supervised.NextAsync<SupervisedChange.Stopped>(name);
        }

        string[] over = [.. ended, "b"];
        Assert.All(
            supervised.Supervisor.Children,
            child => Assert.Equal(
                over.Contains(child.Name),
                child.Status is SupervisedStatus.Stopped or SupervisedStatus.GivenUp));
        Assert.Equal("it exited with 3", supervised.Supervisor.Children[1].Reason);
    }

    [Theory]
    [InlineData(RestartPolicy.Always, 0, true)]
    [InlineData(RestartPolicy.Always, 3, true)]
    [InlineData(RestartPolicy.OnFailure, 0, false)]
    [InlineData(RestartPolicy.OnFailure, 3, true)]
    [InlineData(RestartPolicy.Never, 0, false)]
    [InlineData(RestartPolicy.Never, 3, false)]
    public async Task The_policy_decides_about_a_restart(RestartPolicy policy, int code, bool isRestarted)
    {
        await using Supervised supervised = new([Script("a", $"exit {code}") with { Restart = policy, RestartLimit = 1 }]);

        await supervised.Supervisor.AllEndedAsync();
        await supervised.EndAsync();

        Assert.Equal(
            isRestarted
                ? ["Started a", "Exited a", "Restarting a", "Started a", "Exited a", "GivenUp a"]
                : ["Started a", "Exited a", "Stopped a"],
            supervised.Seen());
        Assert.Equal(new ChildExit.Exited(code), supervised.Supervisor.Children[0].LastExit);
    }

    [Fact]
    public async Task A_job_that_runs_once_is_ended_with_its_group_and_not_started_again()
    {
        SupervisedChild job = Lasting("job") with { Restart = RestartPolicy.Never };
        await using Supervised supervised = new([Lasting("a"), job], RestartStrategy.OneForAll);
        int first = (await supervised.NextAsync<SupervisedChange.Started>("a")).ProcessId;
        await supervised.NextAsync<SupervisedChange.Started>("job");
        supervised.Seen();

        Kill(first);
        await supervised.NextAsync<SupervisedChange.Started>("a");

        Assert.Equal(["Exited a", "Exited job", "Stopped job", "Restarting a", "Started a"], supervised.Seen());
    }
}
