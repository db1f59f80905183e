using Fairlead.Synchronization;

namespace Fairlead.Tests.Synchronization;

public sealed class DeadlockTests : IDisposable
{
    private readonly string _one = $"d1-{Guid.NewGuid():N}";
    private readonly string _two = $"d2-{Guid.NewGuid():N}";

    public void Dispose()
    {
        NamedMutex.Remove(_one);
        NamedMutex.Remove(_two);
    }

    [Fact]
    public async Task A_call_that_would_close_a_cycle_of_two_processes_throws_Deadlock()
    {
        using NamedMutex one = NamedMutex.Open(_one);
        await using PeerProcess first = PeerProcess.Start("mutex", $"name:{_one}", $"name:{_two}");
        await using PeerProcess second = PeerProcess.Start("mutex", "deadlock", $"name:{_one}", $"name:{_two}");
        Assert.Equal(("ready", "ready"), (await first.ReadLineAsync(), await second.ReadLineAsync()));
        Assert.Equal(("", ""), (await first.AskAsync("enter0"), await second.AskAsync("enter1")));
        await first.TellAsync("enter1");
        using NamedMutex two = NamedMutex.Open(_two);
        await UntilWaitingAsync(two);

        string told = await second.AskAsync("enter0");

        Assert.StartsWith("no Deadlock the mutex", told, StringComparison.Ordinal);
        Assert.Contains($"pid {second.Id} (", told, StringComparison.Ordinal);
        Assert.Contains($"waits for '{_one}', which pid {first.Id} (", told, StringComparison.Ordinal);
        Assert.Contains($"waits for '{_two}', which pid {second.Id} (", told, StringComparison.Ordinal);
        Assert.Empty(one.Waiters);
        Assert.Equal("", await second.AskAsync("leave1"));
        Assert.Equal("", await first.AnswerAsync());
    }

    [Fact]
    public void A_call_that_waits_for_its_own_thread_throws_Deadlock()
    {
        using NamedMutex mutex = NamedMutex.Open(_one, new() { DetectDeadlock = true });
        using MutexScope scope = mutex.Enter();
        FairleadException error = Assert.Throws<FairleadException>(() => mutex.Enter());
        Assert.Equal((ErrorCode.Deadlock, Environment.ProcessId), (error.Code, error.Peer?.ProcessId));
    }

    [Fact]
    public async Task A_long_wait_is_not_a_deadlock()
    {
        using NamedMutex one = NamedMutex.Open(_one, new() { DetectDeadlock = true });
        using NamedMutex two = NamedMutex.Open(_two, new() { DetectDeadlock = true });
        MutexScope inside = one.Enter();
        Task<MutexScope> waiting = Task.Factory.StartNew(
            () =>
            {
                using MutexScope second = two.Enter();
                return one.Enter();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await UntilWaitingAsync(one);
        inside.Dispose();
        (await waiting).Dispose();
        two.Enter().Dispose();
    }

    private static Task UntilWaitingAsync(NamedMutex mutex) => Polling.Until(() => mutex.Waiters.Count > 0);
}
