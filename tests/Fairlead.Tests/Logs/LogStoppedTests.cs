using Fairlead.Logs;

namespace Fairlead.Tests.Logs;

/// <summary>
/// Another process is stopped while it holds one of the log's locks: senders and connecting ends do not wait for it, or no longer than
/// their timeout.
/// </summary>
public sealed class LogStoppedTests : IDisposable
{
    private const int Length = 1000;
    private const int MoreThanOneSegment = 100;

    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    private string Address => $"log://{_directory["orders"]}";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_sender_that_finds_no_space_waits_until_its_timeout()
    {
        await using var sender = await Sender.ConnectAsync(Address + "?segment=64KiB");
        await using var stopped = await HoldAsync("segments");
        int sent = SendUntilFull(sender);

        var timeout = Assert.Throws<FairleadException>(() => sender.Send(Payload.Make(-1, Length), TimeSpan.FromMilliseconds(20)));
        Assert.Equal(ErrorCode.Timeout, timeout.Code);
        Assert.Contains("segment", timeout.Message, StringComparison.Ordinal);
        using CancellationTokenSource cancel = new();
        Task cancelled = sender.SendAsync(Payload.Make(-1, Length), cancel.Token).AsTask();
        Assert.False(cancelled.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Watchdog));
        Assert.Equal(SendResult.Full, sender.TrySend(Payload.Make(-1, Length)));

        Task waiting = sender.SendAsync(Payload.Make(sent, Length)).AsTask();
        Task blocking = Task.Factory.StartNew(() => sender.Send(Payload.Make(sent + 1, Length)), TaskCreationOptions.LongRunning);
        await ReleaseAsync(stopped);
        await waiting.WaitAsync(Watchdog);
        await blocking.WaitAsync(Watchdog);

        AssertAllThere(sent + 2);
        Assert.True((await sender.CloseAsync(Watchdog)).IsComplete);
    }

    [Fact]
    public async Task A_sender_that_closes_does_not_wait_for_the_stopped_process()
    {
        await using var sender = await Sender.ConnectAsync(Address + "?segment=64KiB");
        await using var stopped = await HoldAsync("segments");
        int sent = SendUntilFull(sender);
        Task waiting = sender.SendAsync(Payload.Make(-1, Length)).AsTask();

        sender.Dispose();

        Assert.Equal(CloseReason.ClosedByUs, (await Assert.ThrowsAsync<FairleadException>(() => waiting.WaitAsync(Watchdog))).Reason);
        AssertAllThere(sent);
    }

    [Fact]
    public async Task A_wait_set_reports_when_there_is_space_again()
    {
        await using var sender = await Sender.ConnectAsync(Address + "?segment=64KiB");
        await using var stopped = await HoldAsync("segments");
        int sent = SendUntilFull(sender);
        using WaitSet set = new();
        set.Attach(sender, Readiness.Readable | Readiness.Writable);
        Assert.Equal(0, set.Wait(TimeSpan.Zero).Length);

        await ReleaseAsync(stopped);

        Assert.Equal(Readiness.Writable, Assert.Single(set.Wait(Watchdog).ToArray()).Ready);
        Assert.Equal(SendResult.Sent, sender.TrySend(Payload.Make(sent, Length)));
        AssertAllThere(sent + 1);
    }

    [Fact]
    public async Task Messages_that_may_be_dropped_wait_in_their_queue_and_are_sent_later()
    {
        await using var sender = await Sender.ConnectAsync(Address + "?segment=64KiB&full=drop-oldest");
        await using var stopped = await HoldAsync("segments");
        for (int i = 0; i < MoreThanOneSegment; i++)
        {
            sender.Send(Payload.Make(i, Length));
        }

        await ReleaseAsync(stopped);

        Assert.True((await sender.CloseAsync(Watchdog)).IsComplete);
        AssertAllThere(MoreThanOneSegment);
    }

    [Fact]
    public async Task Connecting_waits_on_a_thread_of_its_own_and_ends_when_it_is_cancelled()
    {
        await using var stopped = await HoldAsync("all");
        using CancellationTokenSource cancel = new();

        Task<Sender> connecting = Sender.ConnectAsync(Address, cancellationToken: cancel.Token).AsTask();

        Assert.False(connecting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Watchdog));
        connecting = Sender.ConnectAsync(Address).AsTask();
        await ReleaseAsync(stopped);
        await using var sender = await connecting.WaitAsync(Watchdog);
        sender.Send(Payload.Make(0, Length));
        AssertAllThere(1);
    }

    private async Task<PeerProcess> HoldAsync(string what)
    {
        var peer = PeerProcess.Start("log", "hold", what, Address);
        Assert.Equal("ready", await peer.ReadLineAsync());
        await peer.StopAsync();
        return peer;
    }

    private static async Task ReleaseAsync(PeerProcess stopped)
    {
        stopped.Continue();
        Assert.Equal(0, await stopped.FinishAsync());
    }

    // Finally short ones: then no message fits, however short.
    private static int SendUntilFull(Sender sender)
    {
        int sent = 0;
        foreach (int length in (int[])[Length, Payload.Least])
        {
            int most = sent + MoreThanOneSegment;
            while (sender.TrySend(Payload.Make(sent, length)) == SendResult.Sent)
            {
                Assert.True(++sent < most);
            }

            Assert.Equal(SendResult.Full, sender.TrySend(Payload.Make(sent, length)));
        }

        return sent;
    }

    private void AssertAllThere(int count)
    {
        using var log = MappedLog.Open(Address);
        int next = 0;
        foreach (LogRecord record in log.Replay())
        {
            Assert.Equal((next++, 0), Payload.Check(record.Span));
        }

        Assert.Equal(count, next);
    }
}
