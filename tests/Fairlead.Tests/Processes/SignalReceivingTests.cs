using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Native.Processes;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Signals that another process receives, and their effect there.</summary>
[SlowRun]
public sealed class SignalReceivingTests
{
    private static readonly int Own = Environment.ProcessId;

    [Theory]
    [InlineData("HUP")]
    [InlineData("INT")]
    [InlineData("USR1")]
    [InlineData("ALRM")]
    [InlineData("TERM")]
    [InlineData("CHLD")]
    [InlineData("TSTP")]
    [InlineData("WINCH")]
    [InlineData("RTMIN+1")]
    [InlineData("RTMIN+29")]
    public async Task A_listener_receives_its_signal_which_has_no_other_effect(string name)
    {
        await using PeerProcess peer = await StartAsync();
        Signal signal = Signal.Parse(name);

        // This process may have been started with the signal blocked, and the peer inherits that. Then the kernel tells the details.
        string details = Signals.IsBlocked(signal) ? string.Create(CultureInfo.InvariantCulture, $"{Own} {NativeProcess.UserId}") : "- -";
        await peer.AskAsync($"listen {name}");
        for (int i = 0; i < 3; i++)
        {
            Signals.Send(peer.Id, signal);
            Assert.Equal($"got {signal} 1 - {details}", await peer.ReadLineAsync());
        }

        Assert.Equal(0, await peer.FinishAsync());
    }

    [Fact]
    public async Task All_listeners_and_handlers_of_a_signal_receive_it()
    {
        await using PeerProcess peer = await StartAsync();
        await peer.AskAsync("listen USR1,USR2");
        await peer.AskAsync("listen USR1");
        await peer.AskAsync("handle USR1");
        Signals.Send(peer.Id, Signal.User1, value: 7);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("got SIGUSR1 1 - - -", await peer.ReadLineAsync());
        }

        Signals.Send(peer.Id, Signal.User2);
        Assert.Equal("got SIGUSR2 1 - - -", await peer.ReadLineAsync());

        // Without a listener the signal has its default effect again.
        await peer.TellAsync("end");
        string[] said = [await peer.ReadLineAsync(), await peer.ReadLineAsync(), await peer.ReadLineAsync()];
        Assert.Equal(["ended", "ended", "ok"], said.Order());
        Assert.DoesNotContain(Signal.User1, Signals.StateOf(peer.Id).Caught);
        Signals.Send(peer.Id, Signal.User1);
        Assert.Equal(128 + 10, await peer.ExitAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_started_with_a_signal_blocked_gets_each_value_and_its_sender(bool byHandle)
    {
        const int Count = 200;
        await using PeerProcess peer = await StartAsync("--block-signal=RTMIN+2");
        using ProcessHandle handle = ProcessHandle.Open(peer.Id);
        Signal signal = Signal.RealTime(2);
        for (int i = 0; i < Count; i++)
        {
            // Half of them before there is a listener: the kernel keeps them.
            if (i == Count / 2)
            {
                await peer.AskAsync("listen RTMIN+2");
            }

            if (byHandle)
            {
                handle.Send(signal, i - 50);
            }
            else
            {
                Signals.Send(peer.Id, signal, i - 50);
            }
        }

        uint user = NativeProcess.UserId;
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"got {signal} 1 {i - 50} {Own} {user}"), await peer.ReadLineAsync());
        }

        Signals.Send(peer.Id, signal);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"got {signal} 1 - {Own} {user}"), await peer.ReadLineAsync());
    }

    [Fact]
    public async Task A_blocked_signal_is_pending_until_a_listener_starts_and_has_one_listener()
    {
        await using PeerProcess peer = await StartAsync("--block-signal=USR1");
        Assert.Equal("True", await peer.AskAsync("blocked USR1"));
        Assert.Equal("False", await peer.AskAsync("blocked USR2"));
        await peer.AskAsync("raise USR1 5");
        await peer.AskAsync("raise USR1 6");
        Assert.Equal("SIGUSR1", await peer.AskAsync("pending"));
        Assert.Equal([Signal.User1], Signals.StateOf(peer.Id).Pending);
        Assert.Contains(Signal.User1, Signals.StateOf(peer.Id).Blocked);

        // The kernel keeps only the first of an ordinary signal.
        await peer.AskAsync("listen USR1,USR2");
        string first = await peer.ReadLineAsync();
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"got SIGUSR1 1 5 {peer.Id} "), first, StringComparison.Ordinal);
        Assert.Equal("", await peer.AskAsync("pending"));
        await peer.TellAsync("listen USR1");
        Assert.StartsWith("error AlreadyExists", await peer.ReadLineAsync(), StringComparison.Ordinal);
        await peer.TellAsync("unblock USR1");
        Assert.StartsWith("error InvalidOperationException", await peer.ReadLineAsync(), StringComparison.Ordinal);

        // The unblocked signal reaches the same listener, and the next listener may follow.
        Signals.Send(peer.Id, Signal.User2);
        Assert.Equal("got SIGUSR2 1 - - -", await peer.ReadLineAsync());
        await peer.TellAsync("end");
        Assert.Equal(["ended", "ok"], new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() }.Order());
        await peer.AskAsync("handle USR1");
        await peer.TellAsync("raise USR1 9");
        string[] both = [await peer.ReadLineAsync(), await peer.ReadLineAsync()];
        Assert.Contains(
            both,
            line => line.StartsWith(string.Create(CultureInfo.InvariantCulture, $"got SIGUSR1 1 9 {peer.Id} "), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pending_signal_is_delivered_when_it_is_unblocked()
    {
        await using PeerProcess peer = await StartAsync("--block-signal=TERM --block-signal=USR1");
        await peer.AskAsync("raise USR1");
        await peer.AskAsync("ignore USR1");
        await peer.AskAsync("unblock USR1");
        Assert.Equal("False", await peer.AskAsync("blocked USR1"));
        await peer.AskAsync("listen USR1");
        Signals.Send(peer.Id, Signal.User1, 3);
        Assert.Equal("got SIGUSR1 1 - - -", await peer.ReadLineAsync());
        await peer.TellAsync("end");
        Assert.Equal(["ended", "ok"], new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() }.Order());

        await peer.AskAsync("block USR1");
        Assert.Equal("True", await peer.AskAsync("blocked USR1"));
        await peer.AskAsync("restore USR1");
        await peer.AskAsync("raise USR1");
        Assert.Equal("SIGUSR1", await peer.AskAsync("pending"));

        Signals.Send(peer.Id, Signal.Terminate);
        Assert.Equal("SIGUSR1,SIGTERM", await peer.AskAsync("pending"));
        await peer.TellAsync("unblock TERM");
        Assert.Equal(128 + 15, await peer.ExitAsync());
    }

    [Fact]
    public async Task Blocking_in_a_running_process_is_refused_with_what_to_do()
    {
        await using PeerProcess peer = await StartAsync();
        await peer.TellAsync("block USR1");
        string refused = await peer.ReadLineAsync();
        Assert.StartsWith("error NotSupported", refused, StringComparison.Ordinal);
        Assert.Contains("fairlead spawn --block", refused, StringComparison.Ordinal);
        await peer.AskAsync("unblock USR1");
        Assert.Equal("False", await peer.AskAsync("blocked USR1"));
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Fact]
    public async Task Children_ignore_an_ignored_signal_too_until_it_is_restored()
    {
        // Under the JIT compiler: only there does the runtime handle SIGTERM from its start.
        await using PeerProcess peer = PeerProcess.StartNumber(1, "signals");
        await peer.AnswerAsync();
        await peer.AskAsync("ignore USR1");
        await peer.AskAsync("ignore TERM");
        Signals.Send(peer.Id, Signal.User1);
        Signals.Send(peer.Id, Signal.Terminate);
        Assert.Contains(Signal.User1, Signals.StateOf(peer.Id).Ignored);
        ulong child = ulong.Parse(await peer.AskAsync("child"), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.Equal(1UL << 9 | 1UL << 14, child & (1UL << 9 | 1UL << 14));

        // The listener gets it nevertheless, and leaves it ignored.
        await peer.AskAsync("listen USR1");
        Signals.Send(peer.Id, Signal.User1);
        Assert.Equal("got SIGUSR1 1 - - -", await peer.ReadLineAsync());
        await peer.TellAsync("ignore USR1");
        Assert.StartsWith("error InvalidOperationException", await peer.ReadLineAsync(), StringComparison.Ordinal);
        await peer.TellAsync("end");
        Assert.Equal(["ended", "ok"], new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() }.Order());
        Assert.Contains(Signal.User1, Signals.StateOf(peer.Id).Ignored);
        Signals.Send(peer.Id, Signal.User1);

        // The runtime's own handler of SIGTERM is active again, and ends the program in order.
        await peer.AskAsync("restore TERM");
        Assert.Contains(Signal.Terminate, Signals.StateOf(peer.Id).Caught);
        await peer.AskAsync("restore USR1");
        Signals.Send(peer.Id, Signal.User1);
        Assert.Equal(128 + 10, await peer.ExitAsync());
    }

    [Theory]
    [InlineData("HUP", 1)]
    [InlineData("TERM", 15)]
    [InlineData("INT", 2)]
    public async Task A_signal_ignored_from_the_start_can_be_listened_to_and_restored(string name, int number)
    {
        await using PeerProcess peer = await StartAsync($"--ignore-signal={name}");
        Signal signal = Signal.Parse(name);
        Signals.Send(peer.Id, signal);
        for (int i = 0; i < 2; i++)
        {
            await peer.AskAsync($"listen {name}");
            Signals.Send(peer.Id, signal);
            Assert.Equal($"got {signal} 1 - - -", await peer.ReadLineAsync());
            await peer.TellAsync("end");
            Assert.Contains("ok", new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() });
            Assert.Contains(signal, Signals.StateOf(peer.Id).Ignored);
            Signals.Send(peer.Id, signal);
        }

        await peer.AskAsync($"restore {name}");
        Signals.Send(peer.Id, signal);
        Assert.Equal(128 + number, await peer.ExitAsync());
    }

    [Theory]
    [InlineData("--ignore-signal=HUP", "HUP")]
    [InlineData("--ignore-signal=USR2", "USR2")]
    [InlineData("--block-signal=USR2", "USR2")]
    [InlineData("--block-signal=INT", "INT")]
    public async Task A_wait_set_can_wait_for_a_signal_ignored_or_blocked_from_the_start(string how, string name)
    {
        await using PeerProcess peer = await StartAsync(how);
        Signal signal = Signal.Parse(name);
        await peer.AskAsync($"attach {name}");
        for (int i = 0; i < 3; i++)
        {
            Signals.Send(peer.Id, signal);
            Assert.Equal($"Signalled {signal} 1", await peer.ReadLineAsync());
        }

        // Afterwards it is what it was: ignored or blocked, and free for another listener.
        await peer.TellAsync("detach");
        Assert.Equal(["detached", "ok"], new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() }.Order());
        Signals.Send(peer.Id, signal);
        await peer.AskAsync($"listen {name}");
        if (how.StartsWith("--ignore", StringComparison.Ordinal))
        {
            Signals.Send(peer.Id, signal);
        }

        Assert.StartsWith($"got {signal} 1 ", await peer.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await peer.FinishAsync());
    }

    /// <summary>The kernel keeps each of them for the descriptor of the set, which reads some at once.</summary>
    [Fact]
    public async Task A_wait_set_counts_each_queued_blocked_signal_and_is_its_only_listener()
    {
        const int Count = 50;
        await using PeerProcess peer = await StartAsync("--block-signal=RTMIN+2");
        Signal signal = Signal.RealTime(2);
        for (int i = 0; i < Count; i++)
        {
            Signals.Send(peer.Id, signal, i);
        }

        await peer.TellAsync("attach RTMIN+2");
        int counted = 0;
        bool isAnswered = false;
        while (counted < Count || !isAnswered)
        {
            string line = await peer.ReadLineAsync();
            if (line == "ok")
            {
                isAnswered = true;
                continue;
            }

            Assert.StartsWith($"Signalled {signal} ", line, StringComparison.Ordinal);
            counted += int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
        }

        Assert.Equal(Count, counted);
        await peer.TellAsync("listen RTMIN+2");
        Assert.StartsWith("error AlreadyExists", await peer.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HUP", 1)]
    [InlineData("INT", 2)]
    public async Task A_default_restored_during_listening_applies_when_the_listener_ends(string name, int number)
    {
        await using PeerProcess peer = await StartAsync($"--ignore-signal={name}");
        Signal signal = Signal.Parse(name);
        await peer.AskAsync($"listen {name}");
        await peer.AskAsync($"restore {name}");
        Signals.Send(peer.Id, signal);
        Assert.Equal($"got {signal} 1 - - -", await peer.ReadLineAsync());
        await peer.TellAsync("end");
        Assert.Contains("ok", new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() });
        Signals.Send(peer.Id, signal);
        Assert.Equal(128 + number, await peer.ExitAsync());
    }

    [Fact]
    public async Task An_alarm_fires_once_or_repeatedly_and_can_be_cancelled()
    {
        await using PeerProcess peer = await StartAsync();
        await peer.AskAsync("listen ALRM");
        Assert.Equal("False", await peer.AskAsync("alarm 3600000 0"));
        Assert.Equal("True", await peer.AskAsync("alarm 0 0"));
        Assert.Equal("False", await peer.AskAsync("alarm 0 0"));

        // The alarm may fire before the answer.
        await peer.TellAsync("alarm 20 0");
        Assert.Equal(
            ["got SIGALRM 1 - - -", "ok False"],
            new[] { await peer.ReadLineAsync(), await peer.ReadLineAsync() }.Order(StringComparer.Ordinal));
        await peer.TellAsync("alarm 1 20");
        List<string> said = [];
        while (!said.Contains("ok False") || said.Count < 4)
        {
            said.Add(await peer.ReadLineAsync());
        }

        Assert.All(
            said.Where(static line => line != "ok False"),
            static line => Assert.StartsWith("got SIGALRM ", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("KILL", "error ArgumentException")]
    [InlineData("STOP", "error ArgumentException")]
    [InlineData("0", "error ArgumentException")]
    [InlineData("SEGV", "error NotSupported")]
    [InlineData("PIPE", "error NotSupported")]
    [InlineData("RTMIN", "error NotSupported")]
    public void Uncatchable_signals_and_signals_of_the_runtime_are_refused(string name, string how)
    {
        Signal signal = Signal.Parse(name);
        foreach (Action action in (Action[])
        [
            () => Signals.ListenAsync(signal),
            () => Signals.ListenAsync([Signal.User1, signal]),
            () => Signals.Handle(signal, static _ => { }),
            () => Signals.RestoreDefault(signal),
        ])
        {
            Assert.StartsWith(how, $"error {Failure(action)}", StringComparison.Ordinal);
        }

        if (name != "PIPE")
        {
            Assert.StartsWith(how, $"error {Failure(() => Signals.Ignore(signal))}", StringComparison.Ordinal);
        }

        if (how.EndsWith("ArgumentException", StringComparison.Ordinal))
        {
            Assert.Equal("ArgumentException", Failure(() => Signals.Block(signal)));
            Assert.Equal("ArgumentException", Failure(() => Signals.Unblock(signal)));
        }
    }

    [Fact]
    public void Listening_to_no_signal_is_refused() => Assert.Equal("ArgumentException", Failure(static () => Signals.ListenAsync([])));

    [Fact]
    public void Ignoring_SIGCHLD_is_refused() => Assert.Equal("NotSupported", Failure(() => Signals.Ignore(Signal.Child)));

    private static string Failure(Action action) => Record.Exception(action) switch
    {
        FairleadException failure => failure.Code.ToString(),
        { } other => other.GetType().Name,
        null => "",
    };

    private static async Task<PeerProcess> StartAsync(string options = "")
    {
        PeerProcess peer = options.Length == 0 ? PeerProcess.Start("signals") : PeerProcess.StartBy($"env {options}", "signals");
        await peer.AnswerAsync();
        return peer;
    }
}
