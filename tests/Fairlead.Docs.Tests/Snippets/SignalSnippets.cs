using Fairlead.Processes;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>The code of docs/signals.md.</summary>
public sealed class SignalSnippets
{
    private readonly TaskCompletionSource _reloaded = new();

    [Fact]
    public async Task SIGHUP_reloads_and_SIGTERM_is_handled()
    {
        using CancellationTokenSource stop = new();
        Task listening = ListenAsync(stop.Token);
        TaskCompletionSource terminated = new();
        using IDisposable handling = Signals.Handle(Signal.Terminate, _ => terminated.TrySetResult());
        Terminate(Environment.ProcessId);
        Signals.Send(Environment.ProcessId, Signal.Hangup);
        await Task.WhenAll(_reloaded.Task, terminated.Task);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [Fact]
    public void Sending_to_an_identity_without_a_process_throws_NotFound()
    {
        FairleadException error = Assert.Throws<FairleadException>(Hangup);
        Assert.Equal(ErrorCode.NotFound, error.Code);
    }

    [Fact]
    public void An_alarm_is_set_and_cancelled()
    {
        using IDisposable handling = Signals.Handle(Signal.Alarm, static _ => { });
        Alarm();
        Assert.InRange(Signals.Alarm(TimeSpan.Zero), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(5));
    }

    private static void Alarm()
    {
        Signals.Alarm(TimeSpan.FromSeconds(5), every: TimeSpan.FromSeconds(1));
    }

    private static void Hangup()
    {
        ProcessIdentity process = ProcessIdentity.Parse("4242@1289734");
        Signals.Send(process, Signal.Hangup);
    }

    private static void Terminate(int pid)
    {
        Signals.Send(pid, Signal.Terminate);
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await foreach (SignalInfo signal in Signals.ListenAsync(Signal.Hangup, cancellationToken))
        {
            Reload();
        }
    }

    private void Reload() => _reloaded.TrySetResult();
}
