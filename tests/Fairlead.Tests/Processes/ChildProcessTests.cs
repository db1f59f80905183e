using System.Diagnostics;
using System.Globalization;
using System.Text;
using Fairlead.Native.Processes;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

public sealed class ChildProcessTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public async Task A_child_ends_with_its_exit_code(int code)
    {
        await using ChildProcess child = await ChildProcess.StartAsync("sh", ["-c", $"exit {code}"]);

        ChildExit exit = await child.ExitAsync();

        Assert.Equal(new ChildExit.Exited(code), exit);
        Assert.Equal(code == 0, exit.IsSuccess);
        Assert.Equal(code, exit.ShellCode);
        Assert.Equal(exit, child.Exit);
        Assert.Equal(exit, child.WaitForExit());
        Assert.True(child.HasEnded);
        Assert.False(child.Send(Signal.Terminate), "it has ended");
    }

    [Fact]
    public async Task A_child_ends_by_the_signal_that_killed_it()
    {
        using ChildProcess child = ChildProcess.Start("cat", options: new() { StandardInput = Redirection.Pipe });
        Assert.False(child.HasEnded);
        Assert.Null(child.Exit);
        Assert.True(child.Send(default), "a probe finds it");

        Assert.True(child.Kill());

        Assert.Equal(new ChildExit.Killed(Signal.Kill, CoreDumped: false), await child.ExitAsync());
        Assert.Equal("killed by SIGKILL", child.Exit!.ToString());
        Assert.Equal(137, child.Exit.ShellCode);
        Assert.False(child.Kill());
    }

    [Fact]
    public async Task Arguments_arrive_as_they_were_given() =>
        Assert.Equal("<><a b><*><$HOME><ü\"'>", await Script.RunAsync("printf '<%s>' \"$@\"", null, "", "a b", "*", "$HOME", "ü\"'"));

    [Fact]
    public async Task The_environment_is_this_processs_with_changes()
    {
        Environment.SetEnvironmentVariable("FAIRLEAD_TEST_KEPT", "kept");
        Environment.SetEnvironmentVariable("FAIRLEAD_TEST_TAKEN", "taken");
        Dictionary<string, string?> changes = new() { ["FAIRLEAD_TEST_TAKEN"] = null, ["FAIRLEAD_TEST_ADDED"] = "a=b c" };

        Assert.Equal(
            "kept..a=b c",
            await Script.RunAsync("echo $FAIRLEAD_TEST_KEPT.$FAIRLEAD_TEST_TAKEN.$FAIRLEAD_TEST_ADDED", new() { Environment = changes }));
        await using ChildProcess bare = ChildProcess.Start(
            "env",
            options: new()
            {
                Environment = changes,
                ClearEnvironment = true,
                StandardOutput = Redirection.Pipe,
            });
        Assert.Equal("FAIRLEAD_TEST_ADDED=a=b c", await Script.ReadAsync(bare.StandardOutput));
    }

    [Fact]
    public async Task The_directory_is_chosen() => Assert.Equal("/usr", await Script.RunAsync("pwd", new() { WorkingDirectory = "/usr" }));

    [Fact]
    public async Task A_relative_program_is_found_from_the_directory_of_this_process()
    {
        string file = Path.Combine(PrivateDirectories.Sockets, $"here-{Guid.NewGuid():N}");
        File.CreateSymbolicLink(file, "/bin/pwd");

        await using ChildProcess child = ChildProcess.Start(
            Path.GetRelativePath(Environment.CurrentDirectory, file),
            options: new() { WorkingDirectory = "/", StandardOutput = Redirection.Pipe });

        Assert.Equal("/", await Script.ReadAsync(child.StandardOutput));
    }

    [Fact]
    public async Task Streams_lead_through_pipes()
    {
        await using ChildProcess child = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe });
        byte[] much = new byte[300_000];
        new Random(1).NextBytes(much);

        Task writing = Task.Run(async () =>
        {
            await child.StandardInput.WriteAsync(much);
            child.StandardInput.Dispose();
        });
        using MemoryStream back = new();
        await child.StandardOutput.CopyToAsync(back);
        await writing;

        Assert.Equal(much, back.ToArray());
        Assert.Equal(new ChildExit.Exited(0), child.WaitForExit());
        Assert.Throws<InvalidOperationException>(() => child.StandardError);
        Assert.Throws<InvalidOperationException>(() => child.Address);
    }

    [Fact]
    public async Task A_cancelled_read_ends_and_consumes_nothing()
    {
        await using ChildProcess child = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe });
        byte[] buffer = new byte[10];
        using CancellationTokenSource source = new();
        ValueTask<int> read = child.StandardOutput.ReadAsync(buffer, source.Token);
        Assert.False(read.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);

        child.StandardInput.Write("hello"u8);
        Assert.Equal(5, child.StandardOutput.Read(buffer));
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, 5));
    }

    [Fact]
    public async Task Streams_lead_to_files()
    {
        string file = Path.Combine(PrivateDirectories.Sockets, $"out-{Guid.NewGuid():N}");
        await EndsWell(
            ChildProcess.Start(
                "sh",
                ["-c", "echo one; echo two >&2"],
                new() { StandardOutput = Redirection.File(file), StandardError = Redirection.ToOutput }));
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(file));
        await EndsWell(ChildProcess.Start("echo", ["three"], new() { StandardOutput = Redirection.Append(file) }));
        Assert.Equal("one\ntwo\nthree\n", await File.ReadAllTextAsync(file));
        await EndsWell(ChildProcess.Start("echo", ["four"], new() { StandardOutput = Redirection.File(file) }));
        Assert.Equal("four", await Script.RunAsync("cat", new() { StandardInput = Redirection.File(file) }));
        Assert.Equal("", await Script.RunAsync("cat", new() { StandardInput = Redirection.Null }));

        static async Task EndsWell(ChildProcess child) => Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Fact]
    public async Task A_pipe_leads_from_child_to_child_and_ends_with_its_writer()
    {
        ChildProcess first;
        ChildProcess second;
        using (AnonymousPipe pipe = AnonymousPipe.Create())
        {
            first = ChildProcess.Start("seq", ["1000"], new() { StandardOutput = Redirection.To(pipe.Writer) });
            second = ChildProcess.Start(
                "wc", ["-l"], new() { StandardInput = Redirection.To(pipe.Reader), StandardOutput = Redirection.Pipe });
        }

        Assert.Equal("1000", (await Script.ReadAsync(second.StandardOutput)).Trim());
        Assert.Equal(new ChildExit.Exited(0), await first.ExitAsync());
        Assert.Equal(new ChildExit.Exited(0), await second.ExitAsync());
    }

    [Fact]
    public async Task A_child_dies_of_a_broken_pipe_though_this_process_does_not()
    {
        await using ChildProcess child = ChildProcess.Start("yes", options: new() { StandardOutput = Redirection.Pipe });
        _ = await child.StandardOutput.ReadAsync(new byte[10]);
        child.StandardOutput.Dispose();
        Assert.Equal(new ChildExit.Killed(Signal.Pipe, CoreDumped: false), await child.ExitAsync());
    }

    [Fact]
    public async Task A_child_blocks_and_ignores_only_the_requested_and_inherited_signals()
    {
        // The two before SIGRTMIN belong to glibc, which ignores them until the program has set them up again.
        const ulong Own = 3UL << 31;

        // A child ignores what this process ignores, except SIGPIPE: SIGHUP, if nohup has started the tests.
        ulong inherited = SignalMasks.Of(Environment.ProcessId)!.Value.Ignored & ~(Own | NativeSignal.Bit(Signal.Pipe.Number));
        Assert.Equal((0UL, inherited), await MasksAsync(new()));
        Assert.Equal(
            (0x201UL, inherited | 0x2UL),
            await MasksAsync(new() { BlockedSignals = [Signal.Hangup, Signal.User1], IgnoredSignals = [Signal.Interrupt] }));
        Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", options: new() { BlockedSignals = [Signal.Kill] }));
        Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", options: new() { IgnoredSignals = [Signal.Stop] }));

        static async Task<(ulong Blocked, ulong Ignored)> MasksAsync(ChildProcessOptions options)
        {
            string[] masks = (await Script.RunAsync("grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2", options)).Split('\n');
            return (
                ulong.Parse(masks[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                ulong.Parse(masks[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & ~Own);
        }
    }

    [Fact]
    public async Task A_child_ignores_the_signals_that_this_process_ignores_unless_DefaultSignals_has_them()
    {
        // A signal that nothing else in this process uses.
        Signal signal = Signal.RealTime(20);
        string script = $"kill -{signal.Number} $$; echo survived";
        Signals.Ignore(signal);
        try
        {
            Assert.Equal("survived", await Script.RunAsync(script));
            await using ChildProcess child = Script.Start(script, new() { DefaultSignals = [signal] });
            Assert.Equal("", await Script.ReadAsync(child.StandardOutput));
            Assert.Equal(signal, Assert.IsType<ChildExit.Killed>(await child.ExitAsync()).Signal);
        }
        finally
        {
            Signals.RestoreDefault(signal);
        }
    }

    [Fact]
    public void Inherited_has_no_address_in_a_process_started_without_a_channel()
    {
        Assert.False(Inherited.HasChannel);
        Assert.False(Inherited.TryGetAddress(out Address? address));
        Assert.Null(address);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(static () => Inherited.Address).Code);
    }

    [Fact]
    public async Task Options_that_need_a_preparing_program_change_neither_arguments_nor_environment()
    {
        Dictionary<string, string?> odd = new()
        {
            ["a.b"] = "1",
            ["c"] = " 2 ",
            ["9"] = "x",
        };
        await using ChildProcess child = ChildProcess.Start(
            "env",
            options: new()
            {
                ClearEnvironment = true,
                Environment = odd,
                IgnoredSignals = [Signal.Hangup],
                TiedToParent = true,
                StandardOutput = Redirection.Pipe,
            });
        string[] variables = (await Script.ReadAsync(child.StandardOutput)).Split('\n');
        Assert.Equal(3, variables.Intersect(["a.b=1", "c= 2 ", "9=x"]).Count());
        Assert.Equal("<a b><$x>", await Script.RunAsync("printf '<%s>' \"$@\"", new() { IgnoredSignals = [Signal.Hangup] }, "a b", "$x"));
    }

    [Fact]
    public async Task Groups_are_chosen()
    {
        const string Show = "ps -o pgid= -p $$; read line";
        using ChildProcess own = Script.Start(Show, new() { StandardInput = Redirection.Pipe });
        using ChildProcess first = Script.Start(Show, new() { StandardInput = Redirection.Pipe, Group = ProcessGroup.New });
        using ChildProcess second = Script.Start(Show, new() { StandardInput = Redirection.Pipe, Group = ProcessGroup.Join(first.Group) });
        using ChildProcess session = Script.Start(Show, new() { StandardInput = Redirection.Pipe, Group = ProcessGroup.NewSession });
        Assert.Equal(ControllingTerminal.OwnGroup, own.Group);
        Assert.Equal(first.Id, first.Group);
        Assert.Equal(first.Id, second.Group);
        Assert.Equal(session.Id, session.Group);
        Assert.Throws<InvalidOperationException>(() => own.SendToGroup(Signal.Terminate));

        Assert.True(first.SendToGroup(Signal.Terminate));
        Assert.Equal(new ChildExit.Killed(Signal.Terminate, false), await first.ExitAsync());
        Assert.Equal(new ChildExit.Killed(Signal.Terminate, false), await second.ExitAsync());
        Assert.False(own.HasEnded);
        Assert.False(session.HasEnded);
        own.StandardInput.Dispose();
        session.StandardInput.Dispose();
        Assert.Equal(own.Group.ToString(CultureInfo.InvariantCulture), (await Script.ReadAsync(own.StandardOutput)).Trim());
        Assert.Equal(session.Id.ToString(CultureInfo.InvariantCulture), (await Script.ReadAsync(session.StandardOutput)).Trim());
    }

    [Fact]
    public async Task HoldsGroup_keeps_a_group_open_for_joining_after_its_first_process_ended()
    {
        using ChildProcess first = Script.Start("echo done", new() { Group = ProcessGroup.New, HoldsGroup = true });
        Assert.Equal("done", await Script.ReadAsync(first.StandardOutput));
        using (ChildProcess second = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, Group = ProcessGroup.Join(first.Group) }))
        {
            Assert.Equal(first.Id, second.Group);
            Assert.False(first.HasEnded);
            second.StandardInput.Dispose();
            Assert.Equal(new ChildExit.Exited(0), await second.ExitAsync());
        }

        first.ReleaseGroup();
        Assert.Equal(new ChildExit.Exited(0), await first.ExitAsync());
        FairleadException error = Assert.Throws<FairleadException>(() =>
            ChildProcess.Start("true", options: new() { Group = ProcessGroup.Join(first.Group) }));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("this session has no such group", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryTakeChange_returns_the_changes_of_a_child_without_waiting()
    {
        ChildProcessOptions options = new() { StandardInput = Redirection.Pipe, ReportsStops = true, Group = ProcessGroup.New };
        await using ChildProcess child = ChildProcess.Start("cat", options: options);
        Assert.False(child.TryTakeChange(out ChildChange? change));
        Assert.Null(change);
        child.Send(Signal.Stop);
        Assert.Equal(new ChildChange.Stopped(Signal.Stop), await TakeAsync());
        Assert.False(child.TryTakeChange(out _));
        child.Send(Signal.Continue);
        Assert.Equal(new ChildChange.Continued(), await TakeAsync());
        child.StandardInput.Dispose();
        Assert.Equal(new ChildExit.Exited(0), await TakeAsync());
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
        Assert.False(child.TryTakeChange(out _));

        async Task<ChildChange> TakeAsync()
        {
            while (true)
            {
                if (child.TryTakeChange(out ChildChange? taken))
                {
                    return taken;
                }

                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task Stops_and_continuations_are_reported_in_order()
    {
        // In a separate group: in an orphaned group, as a test's may be, the kernel ignores SIGTSTP.
        await using ChildProcess child = ChildProcess.Start(
            "cat",
            options: new()
            {
                StandardInput = Redirection.Pipe,
                ReportsStops = true,
                Group = ProcessGroup.New,
            });
        Assert.True(child.Send(Signal.Stop));
        Assert.Equal(new ChildChange.Stopped(Signal.Stop), child.WaitForChange());
        Assert.True(child.Send(Signal.Continue));
        Assert.Equal(new ChildChange.Continued(), child.WaitForChange());
        child.Send(Signal.TerminalStop);
        Assert.Equal(new ChildChange.Stopped(Signal.TerminalStop), child.WaitForChange());
        child.Kill();
        List<ChildChange> rest = [];
        await foreach (ChildChange change in child.ChangesAsync())
        {
            rest.Add(change);
        }

        Assert.Equal([new ChildExit.Killed(Signal.Kill, false)], rest);
        Assert.Null(child.WaitForChange());
    }

    [Fact]
    public async Task A_wait_ends_at_its_token_or_timeout_and_the_child_continues()
    {
        using ChildProcess child = ChildProcess.Start("cat", options: new() { StandardInput = Redirection.Pipe });
        using CancellationTokenSource source = new();
        Task<ChildExit> waiting = child.ExitAsync(source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.ThrowsAny<OperationCanceledException>(() => child.WaitForExit(source.Token));
        Assert.Null(child.WaitForExit(TimeSpan.FromMilliseconds(1)));
        Assert.False(child.HasEnded);
        child.StandardInput.Dispose();
        Assert.Equal(new ChildExit.Exited(0), child.WaitForExit());
    }

    [Fact]
    public async Task EndAsync_kills_a_child_that_ignores_SIGTERM_after_the_grace()
    {
        ManualClock clock = new();
        using ChildProcess deaf = Script.Start(
            "trap '' TERM; echo ready; while :; do read line; done", new() { StandardInput = Redirection.Pipe });
        using StreamReader output = new(deaf.StandardOutput);
        Assert.Equal("ready", await output.ReadLineAsync());
        Task<ChildExit> ending = deaf.EndAsync(TimeSpan.FromSeconds(5), clock);
        Assert.False(deaf.HasEnded);
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(new ChildExit.Killed(Signal.Kill, false), await ending);

        using ChildProcess stopped = ChildProcess.Start("cat", options: new() { StandardInput = Redirection.Pipe, ReportsStops = true });
        stopped.Send(Signal.Stop);
        Assert.Equal(new ChildChange.Stopped(Signal.Stop), stopped.WaitForChange());
        Assert.Equal(new ChildExit.Killed(Signal.Terminate, false), await stopped.EndAsync(TimeSpan.FromSeconds(5), clock));
    }

    [Fact]
    public async Task ChildProcess_works_together_with_System_Diagnostics_Process()
    {
        Task own = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await using ChildProcess child = ChildProcess.Start("sh", ["-c", $"exit {i}"], new() { ReportsStops = i % 2 == 0 });
                Assert.Equal(new ChildExit.Exited(i), await child.ExitAsync());
            }
        });
        for (int i = 0; i < 20; i++)
        {
            using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", $"exit {i}"]))!;
            await process.WaitForExitAsync();
            Assert.Equal(i, process.ExitCode);
        }

        await own;
    }
}
