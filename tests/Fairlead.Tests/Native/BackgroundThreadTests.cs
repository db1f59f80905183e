using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Values;
using Fairlead.Processes.Starting;

namespace Fairlead.Tests.Native;

/// <summary>If the system refuses a thread, the caller that needed it gets an error. The next caller gets a thread.</summary>
public sealed class BackgroundThreadTests
{
    [Fact]
    public void A_background_thread_has_a_name_and_does_not_keep_the_process_alive()
    {
        string? name = null;
        bool isBackground = false;
        BackgroundThread.Start("fairlead test", () =>
        {
            name = Thread.CurrentThread.Name;
            isBackground = Thread.CurrentThread.IsBackground;
        }).Join();

        Assert.Equal(("fairlead test", true), (name, isBackground));
    }

    [Fact]
    public void An_exception_ends_only_its_own_background_thread()
    {
        string name = $"test {Guid.NewGuid():N}";
        using ContainedErrors errors = new(name);
        BackgroundThread.Start(name, static () => throw new InvalidOperationException("thrown on a thread")).Join();

        Assert.Contains("thrown on a thread", errors.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_thread_that_the_system_refuses_is_an_error_that_says_what_to_do()
    {
        using NoThreads none = new();
        var error = Assert.Throws<FairleadException>(() => BackgroundThread.Start("fairlead test", static () => { }));

        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Equal(
            "cannot start the thread 'fairlead test': the system has no threads or memory left. "
            + "End some processes, or raise the limit (ulimit -u, pids.max of the control group).",
            error.Message);
    }

    [Fact]
    public void A_reactor_cannot_start_without_a_thread() => NoThreads.AssertRefused(static () => _ = new Reactor(TimeSpan.FromSeconds(1)));

    [Fact]
    public void Deferred_work_starts_its_thread_at_the_next_call()
    {
        using ManualResetEventSlim visited = new();
        DeferredWork<int> rounds = new("fairlead test", TimeSpan.FromMilliseconds(1), 10, _ => visited.Set());
        NoThreads.AssertRefused(rounds.Start);

        rounds.Start();
        rounds.Add(1);

        visited.Wait();
    }

    [Fact]
    public void A_spawner_starts_its_thread_at_the_next_call()
    {
        using (new NoThreads())
        {
            try
            {
                // Another test may have started it.
                Assert.Equal(1, SpawnerThread.Run(static () => 1));
            }
            catch (FairleadException error)
            {
                Assert.Equal(ErrorCode.Unavailable, error.Code);
            }
        }

        Assert.Equal(2, SpawnerThread.Run(static () => 2));
    }
}
