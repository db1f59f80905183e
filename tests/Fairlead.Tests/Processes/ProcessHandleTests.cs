using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Existing processes: one, a group, and some that have ended.</summary>
public sealed class ProcessHandleTests
{
    [Fact]
    public async Task A_process_handle_reports_the_end_of_a_process_that_is_not_a_child()
    {
        await using PeerProcess peer = await StartAsync();
        using ProcessHandle handle = ProcessHandle.Open(peer.Id);
        Assert.Equal(ProcessIdentity.Of(peer.Id), handle.Identity);
        Assert.False(handle.HasExited);
        Assert.False(handle.WaitForExit(TimeSpan.Zero));
        using CancellationTokenSource cancel = new();
        Task given = handle.WaitForExitAsync(cancel.Token);
        Task first = handle.WaitForExitAsync();
        Task second = handle.WaitForExitAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(first.IsCompleted);
        handle.Send(Signal.Kill);
        await Task.WhenAll(first, second, handle.WaitForExitAsync());
        Assert.True(handle.WaitForExit());
        Assert.True(handle.HasExited);
        await peer.KillAsync();
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => handle.Send(Signal.Terminate)).Code);
        Assert.False(handle.Identity.IsAlive);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => ProcessHandle.Open(handle.Identity)).Code);
    }

    [Fact]
    public async Task Disposing_a_handle_ends_its_waits()
    {
        await using PeerProcess peer = await StartAsync();
        ProcessHandle handle = ProcessHandle.Open(peer.Id);
        Task waiting = handle.WaitForExitAsync();
        handle.Dispose();
        handle.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => handle.WaitForExitAsync());
        Assert.Throws<ObjectDisposedException>(() => handle.Send(Signal.Kill));
        Assert.Throws<ObjectDisposedException>(() => handle.HasExited);
        Assert.True(Signals.Exists(peer.Id));
    }

    [Fact]
    public async Task A_number_that_another_process_has_now_is_refused_with_that_process()
    {
        await using PeerProcess peer = await StartAsync();
        ProcessIdentity real = ProcessIdentity.Of(peer.Id);
        ProcessIdentity former = real with { Start = real.Start - 1 };
        Assert.True(real.IsAlive);
        Assert.False(former.IsAlive);
        FairleadException refused = Assert.Throws<FairleadException>(() => Signals.Send(former, Signal.Kill));
        Assert.Equal(ErrorCode.NotFound, refused.Code);
        Assert.Contains("its number now belongs to", refused.Message, StringComparison.Ordinal);
        Assert.Equal(peer.Id, refused.Peer!.ProcessId);
        Signals.Send(real, default);
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Fact]
    public async Task A_group_is_sent_a_signal_as_a_whole()
    {
        using System.Diagnostics.Process shell = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                "setsid",
                ["sh", "-c", "trap : TERM; (echo ready; exec sleep 600) & (echo ready; exec sleep 600) & echo $!; wait; wait; exit 7"])
            {
                RedirectStandardOutput = true,
            }
        )!;

        // When each child is ready, it no longer has the trap of the shell that forked it.
        string[] said =
        [
            (await shell.StandardOutput.ReadLineAsync())!,
            (await shell.StandardOutput.ReadLineAsync())!,
            (await shell.StandardOutput.ReadLineAsync())!,
        ];
        int last = int.Parse(said.Single(static line => line != "ready"), CultureInfo.InvariantCulture);
        using ProcessHandle child = ProcessHandle.Open(last);
        Signals.SendToGroup(shell.Id, default);
        Signals.SendToGroup(shell.Id, Signal.Terminate);
        await child.WaitForExitAsync();

        // It has caught the signal and reaped its children: no member of the group is left.
        await shell.WaitForExitAsync();
        Assert.Equal(7, shell.ExitCode);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Signals.SendToGroup(shell.Id, Signal.Terminate)).Code);
    }

    /// <summary>Zero, 1 and negative numbers mean many processes to the kernel, perhaps all.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Numbers_that_mean_many_processes_are_refused(int number)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Signals.Send(number, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signals.SendToGroup(number, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signals.SendToGroup(1, default));
        Assert.Contains(
            "A process group has a number of 2 or more",
            Assert.Throws<ArgumentOutOfRangeException>(() => Signals.SendToGroup(number, default)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessHandle.Open(number));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProcessIdentity.Of(number));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signals.StateOf(number));
        Assert.False(Signals.Exists(number));
        Assert.False(ProcessIdentity.TryParse($"{number}@1", out _));
    }

    [Fact]
    public void Calls_for_a_number_without_a_process_report_NotFound()
    {
        const int Beyond = 1 << 23;
        Assert.False(Signals.Exists(Beyond));
        foreach (Action action in (Action[])
        [
            static () => Signals.Send(Beyond, Signal.Terminate),
            static () => Signals.Send(Beyond, Signal.RealTime(1), 1),
            static () => Signals.SendToGroup(Beyond, Signal.Terminate),
            static () => Signals.StateOf(Beyond),
            static () => ProcessHandle.Open(Beyond).Dispose(),
            static () => ProcessIdentity.Of(Beyond),
        ])
        {
            Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(action).Code);
        }
    }

    [OrdinaryUserFact]
    public void A_process_of_another_user_exists_and_cannot_be_sent_a_signal()
    {
        Assert.True(Signals.Exists(1));
        using ProcessHandle first = ProcessHandle.Open(1);
        Assert.False(first.HasExited);
        foreach (Action action in (Action[])
            [
                static () => Signals.Send(1, default),
                static () => Signals.Send(1, Signal.RealTime(1), 1),
                () => first.Send(default),
                () => first.Send(Signal.RealTime(1), 1),
            ])
        {
            FairleadException refused = Assert.Throws<FairleadException>(action);
            Assert.Equal((ErrorCode.PermissionDenied, 1), (refused.Code, refused.Peer!.ProcessId));
        }
    }

    [Fact]
    public async Task A_zombie_does_not_count_as_a_process()
    {
        // The shell's child has a parent that does not wait for it.
        using System.Diagnostics.Process parent = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sh", ["-c", "sleep 600 & echo $!; exec sleep 600"]) { RedirectStandardOutput = true }
        )!;
        int child = int.Parse((await parent.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        ProcessIdentity identity = ProcessIdentity.Of(child);
        using ProcessHandle handle = ProcessHandle.Open(identity);
        handle.Send(Signal.Kill);
        await handle.WaitForExitAsync();
        Assert.True(handle.HasExited);
        Assert.False(Signals.Exists(child));
        Assert.False(identity.IsAlive);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => ProcessHandle.Open(identity)).Code);
        parent.Kill();
        await parent.WaitForExitAsync();
    }

    [Theory]
    [InlineData("42@7", 42, 7)]
    [InlineData("1@9223372036854775807", 1, long.MaxValue)]
    public void An_identity_is_written_and_read(string text, int number, long start)
    {
        ProcessIdentity identity = ProcessIdentity.Parse(text);
        Assert.Equal(new ProcessIdentity(number, start), identity);
        Assert.Equal(text, identity.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("42@")]
    [InlineData("@7")]
    [InlineData("0@7")]
    [InlineData("-1@7")]
    [InlineData("42@7@8")]
    [InlineData(" 42@7")]
    [InlineData("42@-7")]
    [InlineData("99999999999@7")]
    [InlineData("42@99999999999999999999")]
    public void A_malformed_identity_is_refused(string? text)
    {
        Assert.False(ProcessIdentity.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ProcessIdentity.Parse(text!));
    }

    [Fact]
    public void This_process_knows_itself()
    {
        Assert.Equal(Environment.ProcessId, ProcessIdentity.Current.ProcessId);
        Assert.True(ProcessIdentity.Current.IsAlive);
        Assert.True(Signals.Exists(Environment.ProcessId));
    }

    private static async Task<PeerProcess> StartAsync()
    {
        PeerProcess peer = PeerProcess.Start("signals");
        await peer.AnswerAsync();
        return peer;
    }
}
