using Fairlead.Memory;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>The code of docs/synchronization.md.</summary>
[SlowRun]
public sealed class SynchronizationSnippets
{
    private int _built;

    public SynchronizationSnippets() => Console.Clear();

    [Fact]
    public async Task A_mutex_serializes_builds_and_names_its_holder()
    {
        BuildOnce();
        using (NamedMutex build = NamedMutex.Open("build"))
        {
            await BuildOnceAsync(build, CancellationToken.None);
            TellWhoHolds(build);
            Assert.Empty(Console.Error.ToString());
            using MutexScope inside = build.Enter();
            await Task.Factory.StartNew(() => TellWhoHolds(build), TaskCreationOptions.LongRunning);
            Assert.Equal($"build is held by {build.Holder}\n", Console.Error.ToString());
            Assert.Contains($"pid {Environment.ProcessId}", Console.Error.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(2, _built);

        NamedMutex.Remove("build");
    }

    [Fact]
    public void A_region_contains_a_mutex()
    {
        using var region = SharedRegion.Open("table", 64 + NamedMutex.SizeInRegion);
        using var guard = NamedMutex.OpenIn(region, 64);
        using var same = NamedMutex.OpenIn(SharedRegion.Open("table"), 64);
        using (guard.Enter())
        {
            Assert.Equal(Environment.ProcessId, same.Holder?.Peer.ProcessId);
            Assert.False(same.TryEnter(TimeSpan.Zero, out _));
        }

        Assert.Null(same.Holder);
        SharedRegion.Remove("table");
    }

    [Fact]
    public void A_recursive_mutex_is_held_until_its_last_scope_ends()
    {
        using var tree = NamedMutex.Open("tree", new() { Recursive = true });
        using var outer = tree.Enter();
        using var inner = tree.Enter();
        using var third = inner.Enter();
        outer.Dispose();
        inner.Dispose();
        Assert.Equal(Environment.ProcessId, tree.Holder?.Peer.ProcessId);
        third.Dispose();
        Assert.Null(tree.Holder);
        NamedMutex.Remove("tree");
    }

    [Fact]
    public void A_mutex_that_detects_deadlocks_throws_at_a_deadlock()
    {
        var careful = new NamedMutexOptions { DetectDeadlock = true };
        using var accounts = NamedMutex.Open("accounts", careful);
        using var orders = NamedMutex.Open("orders", careful);
        using MutexScope scope = accounts.Enter();
        Assert.Equal(ErrorCode.Deadlock, Assert.Throws<FairleadException>(() => accounts.Enter()).Code);
        NamedMutex.Remove("accounts");
        NamedMutex.Remove("orders");
    }

    [Fact]
    public async Task A_condition_wakes_a_consumer_when_a_job_is_added()
    {
        List<string> table = [];
        Task taking = Task.Run(() => TakeOne(table));
        AddOne(table, "a job");
        await taking;
        Assert.Empty(table);
        NamedCondition.Remove("jobs-added");
        NamedMutex.Remove("jobs");
    }

    [Fact]
    public void A_reader_writer_lock_admits_readers_and_a_writer()
    {
        List<string> table = [];
        using var prices = NamedReaderWriterLock.Open("prices");
        using (prices.EnterRead())
        {
            Show(table);
        }

        using (var held = prices.EnterWrite())
        {
            Change(table);
        }

        Assert.Single(table);
        NamedReaderWriterLock.Remove("prices");
    }

    [Fact]
    public async Task A_barrier_starts_each_round_together()
    {
        int[] parts = [1, 2];
        var other = Task.Run(() =>
        {
            using var another = NamedBarrier.Open("rounds", 2);
            return (another.SignalAndWait(), another.SignalAndWait());
        });
        using var party = NamedBarrier.Open("rounds", 2);
        foreach (var part in parts)
        {
            Work(part);
            long round = party.SignalAndWait();
            Log($"all have done round {round}");
        }

        Assert.Equal((0, 1), await other);
        NamedBarrier.Remove("rounds");
    }

    [Fact]
    public void The_list_of_locks_shows_holders_and_waiters()
    {
        using var free = NamedMutex.Open("looked-at-free");
        using var held = NamedMutex.Open("looked-at-held");
        using MutexScope scope = held.Enter();
        foreach (NamedLockInfo found in NamedLocks.List())
        {
            Console.WriteLine($"{found.Name}: {found.Holder?.ToString() ?? "free"}, {found.Waiters.Count} wait");
        }

        string[] lines = Console.Out.ToString().Split('\n');
        Assert.Contains("looked-at-free: free, 0 wait", lines);
        Assert.Contains($"looked-at-held: {held.Holder}, 0 wait", lines);
        NamedMutex.Remove("looked-at-free");
        NamedMutex.Remove("looked-at-held");
    }

    [Fact]
    public async Task A_semaphore_counts_permits()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        using var converters = NamedSemaphore.Open("converters", 4);
        await using (await converters.EnterAsync())
        {
            await BuildAsync(cancellationToken);
        }

        await using (await converters.EnterAsync())
        {
            Assert.Equal((3, 1), (converters.CurrentCount, converters.Holders.Count));
        }

        Assert.Equal((1, 4, 0), (_built, converters.CurrentCount, converters.Holders.Count));

        using var finished = NamedSemaphore.Open("finished", 0, 1000);
        finished.Post();
        await finished.TakeAsync();
        Assert.False(finished.TryTake(TimeSpan.Zero));
        NamedSemaphore.Remove("converters");
        NamedSemaphore.Remove("finished");
    }

    [Fact]
    public async Task An_event_releases_waiters()
    {
        using var ready = NamedEvent.Open("ready");
        ready.Set();
        await ready.WaitAsync(5.Seconds());
        Assert.True(ready.IsSet);
        NamedEvent.Remove("ready");
    }

    [Fact]
    public async Task A_countdown_releases_waiters_at_zero()
    {
        using var parts = NamedCountdown.Open("parts", 2);
        parts.Signal();
        parts.Signal();
        await parts.WaitAsync();
        Assert.Equal(0, parts.CurrentCount);
        NamedCountdown.Remove("parts");
    }

    [Fact]
    public void A_file_lock_and_a_System_V_semaphore_are_entered()
    {
        int worked = 0;
        int changed = 0;
        void Work() => worked++;
        void Change() => changed++;

        {
            var file = FileLock.Open("app.lock");
            using (file.Enter())
            {
                Work();
            }
        }

        bool isNew = false;
        {
            var table = SystemVSemaphore.Open(0x5242, 1);
            using (table.Enter())
            {
                Change();
            }

            isNew = table.IsNew;
        }

        Assert.Equal((1, 1), (worked, changed));
        File.Delete("app.lock");
        if (isNew)
        {
            SystemVSemaphore.Remove(0x5242);
        }
    }

    private static void TellWhoHolds(NamedMutex build)
    {
        if (!build.TryEnter(1.Seconds(), out MutexScope scope))
        {
            Console.Error.WriteLine($"{build.Name} is held by {build.Holder}");
            return;
        }

        scope.Dispose();
    }

    private static void TakeOne(List<string> table)
    {
        using var jobs = NamedMutex.Open("jobs");
        using var added = NamedCondition.Open("jobs-added", jobs);
        using (var held = jobs.Enter())
        {
            added.Wait(held, () => table.Count > 0);
            Take(table);
        }
    }

    private static void AddOne(List<string> table, string job)
    {
        using var jobs = NamedMutex.Open("jobs");
        using var added = NamedCondition.Open("jobs-added", jobs);
        using (var held = jobs.Enter())
        {
            table.Add(job);
            added.Notify(held);
        }
    }

    private static void Take(List<string> table) => table.RemoveAt(0);

    private static void Show(List<string> table) => Assert.Empty(table);

    private static void Change(List<string> table) => table.Add("1");

    private static void Work(int part) => Assert.InRange(part, 1, 2);

    private static void Log(string line) => Assert.StartsWith("all have done round ", line, StringComparison.Ordinal);

    private static void Repair() => throw new InvalidOperationException("nobody has died");

    private void BuildOnce()
    {
        using var build = NamedMutex.Open("build");
        using (var held = build.Enter())
        {
            if (held.OwnerDied)
            {
                Repair();
                held.MarkConsistent();
            }

            Build();
        }
    }

    private async Task BuildOnceAsync(NamedMutex build, CancellationToken cancellationToken)
    {
        await using (await build.EnterAsync(cancellationToken))
        {
            await BuildAsync(cancellationToken);
        }
    }

    private void Build() => _built++;

    private Task BuildAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _built++;
        return Task.CompletedTask;
    }

    /// <summary>Collects the output of the snippets.</summary>
    private static class Console
    {
        public static StringWriter Out { get; } = new() { NewLine = "\n" };

        public static StringWriter Error { get; } = new() { NewLine = "\n" };

        public static void WriteLine(string line) => Out.WriteLine(line);

        public static void Clear()
        {
            Out.GetStringBuilder().Clear();
            Error.GetStringBuilder().Clear();
        }
    }
}
