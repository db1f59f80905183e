using Fairlead.Conformance;
using Fairlead.Processes;
using static Fairlead.Tests.Processes.Supervision.Supervised;

namespace Fairlead.Tests.Processes.Supervision;

public sealed class ChildSupervisorTests
{
    [Fact]
    public async Task A_program_that_cannot_be_started_is_given_up_and_the_others_run()
    {
        string forbidden = Path.Combine(PrivateDirectories.Sockets, $"forbidden-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(forbidden, "");
        await using Supervised supervised = new(
        [
            Missing("missing", "fairlead-no-such-program"),
            Missing("forbidden", forbidden),
            Missing("lost", "true") with { Process = new() { WorkingDirectory = "/fairlead/no/such/directory" } },
            Missing("once", "fairlead-no-such-program") with { Restart = RestartPolicy.Never },
            Lasting("fine"),
        ]);

        SupervisedChange.NotStarted error = await supervised.NextAsync<SupervisedChange.NotStarted>("missing");
        Assert.Equal(ErrorCode.NotFound, Assert.IsType<FairleadException>(error.Error).Code);
        await supervised.NextAsync<SupervisedChange.Started>("fine");
        await Polling.Until(() => supervised.Supervisor.Children.Count(static child => child.Status == SupervisedStatus.GivenUp) == 4);
        await supervised.EndAsync();

        Assert.Equal(2, supervised.Seen().Count(static change => change == "NotStarted forbidden"));
        SupervisedState[] children = [.. supervised.Supervisor.Children];
        Assert.StartsWith(
            "it failed 2 times within 60 s; the last time it could not be started: the program 'fairlead-no-such-program' was not found",
            children[0].Reason,
            StringComparison.Ordinal);
        Assert.StartsWith("it could not be started: ", children[3].Reason, StringComparison.Ordinal);
        Assert.Equal(SupervisedStatus.Stopped, children[4].Status);

        static SupervisedChild Missing(string name, string program) => new(name, program)
        {
            RestartLimit = 1,
            ShortestPause = TimeSpan.FromTicks(1),
            LongestPause = TimeSpan.FromTicks(1),
        };
    }

    [Fact]
    public async Task A_child_that_ignores_SIGTERM_is_killed_after_its_grace_with_all_of_its_group()
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        using Stream reader = pipe.OpenReader();
        await using Supervised supervised = new(
        [
            Script("deaf", "trap '' TERM; sleep 1000 & echo ready; wait; wait; wait") with
            {
                Grace = TimeSpan.FromMilliseconds(50),
                Process = new() { StandardOutput = Redirection.To(pipe.Writer) },
            },
        ]);
        await supervised.NextAsync<SupervisedChange.Started>("deaf");
        byte[] text = new byte[6];
        await reader.ReadExactlyAsync(text);

        await supervised.EndAsync();
        pipe.Writer.Dispose();

        Assert.Equal(new ChildExit.Killed(Signal.Kill, CoreDumped: false), supervised.Supervisor.Children[0].LastExit);

        // The pipe ends when no process has it any more.
        Assert.Equal(0, await reader.ReadAsync(text));
    }

    [Fact]
    public async Task The_remaining_processes_in_the_group_of_a_killed_child_are_killed()
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        using Stream reader = pipe.OpenReader();
        await using Supervised supervised = new(
        [
            Script("parent", "sleep 1000 & echo ready; wait") with
            {
                Restart = RestartPolicy.Never,
                Process = new() { StandardOutput = Redirection.To(pipe.Writer) },
            },
        ]);
        int id = (await supervised.NextAsync<SupervisedChange.Started>("parent")).ProcessId;
        byte[] text = new byte[6];
        await reader.ReadExactlyAsync(text);

        Kill(id);
        await supervised.Supervisor.AllEndedAsync();
        pipe.Writer.Dispose();

        Assert.Equal(0, await reader.ReadAsync(text));
    }

    [Fact]
    public async Task A_stopped_child_ends()
    {
        await using Supervised supervised = new([Lasting("a")]);
        int id = (await supervised.NextAsync<SupervisedChange.Started>("a")).ProcessId;
        Send(id, Signal.Stop);

        await supervised.EndAsync();

        Assert.Equal(new ChildExit.Killed(Signal.Terminate, CoreDumped: false), supervised.Supervisor.Children[0].LastExit);
    }

    [Fact]
    public async Task New_children_start_removed_ones_end_changed_ones_restart_and_the_others_continue()
    {
        SupervisedChild kept = Lasting("kept");
        await using Supervised supervised = new([Lasting("removed"), kept, Lasting("changed")]);
        await supervised.NextAsync<SupervisedChange.Started>("changed");
        int before = supervised.Supervisor.Children[1].ProcessId!.Value;
        supervised.Seen();

        await supervised.Supervisor.ApplyAsync([Lasting("changed") with { Grace = TimeSpan.FromSeconds(7) }, kept, Lasting("new")]);
        await supervised.NextAsync<SupervisedChange.Started>("new");

        Assert.Equal(
            ["Exited changed", "Exited removed", "Stopped removed", "Started changed", "Started new"], supervised.Seen());
        Assert.Equal(["changed", "kept", "new"], supervised.Supervisor.Children.Select(static child => child.Name));
        Assert.Equal(before, supervised.Supervisor.Children[1].ProcessId);
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => supervised.Supervisor.RestartAsync("chnged"));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Equal("the supervisor has no child 'chnged'. Did you mean 'changed'?", error.Message);
    }

    [Fact]
    public async Task A_child_that_was_given_up_starts_again_on_request()
    {
        await using Supervised supervised = new([Script("a", "exit 3") with { RestartLimit = 0 }]);
        await supervised.NextAsync<SupervisedChange.GivenUp>("a");
        supervised.Seen();

        await supervised.Supervisor.RestartAsync("a");
        await supervised.NextAsync<SupervisedChange.GivenUp>("a");
        Assert.Equal(["Started a", "Exited a", "GivenUp a"], supervised.Seen());

        await supervised.Supervisor.ApplyAsync([Script("a", "exit 0") with { Restart = RestartPolicy.OnFailure }]);
        await supervised.NextAsync<SupervisedChange.Stopped>("a");
        Assert.Null(supervised.Supervisor.Children[0].Reason);
    }

    [Fact]
    public async Task A_handler_that_throws_stops_nothing()
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ChildSupervisor supervisor = ChildSupervisor.Start(
            [Script("a", "exit 0") with { Restart = RestartPolicy.Never }],
            new ChildSupervisorOptions
            {
                Changed = change =>
                {
                    if (change is SupervisedChange.Stopped)
                    {
                        seen.SetResult();
                    }

                    throw new InvalidOperationException("of the user");
                },
            });

        await seen.Task;
        await supervisor.AllEndedAsync();
    }

    [Fact]
    public void Descriptions_that_contradict_themselves_are_refused()
    {
        Refused(Lasting("a"), Lasting("a"));
        Refused(Lasting("a") with { Process = new() { StandardOutput = Redirection.Pipe } });
        Refused(Lasting("a") with { Process = new() { HoldsGroup = true } });
        Refused(Lasting("a") with { Process = new() { Group = ProcessGroup.Join(1) } });
        Refused(Lasting("a") with { RestartLimit = -1 });
        Refused(Lasting("a") with { LongestPause = TimeSpan.Zero });
        Assert.Throws<ArgumentException>(() => new SupervisedChild("", "true"));

        static void Refused(params SupervisedChild[] children) =>
            Assert.ThrowsAny<ArgumentException>(() => ChildSupervisor.Start(children));
    }

    [Fact]
    public async Task A_supervisor_without_children_has_nothing_to_wait_for()
    {
        await using ChildSupervisor supervisor = ChildSupervisor.Start([]);
        await supervisor.AllEndedAsync();
    }
}
