using Fairlead.Logs;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>A log's threads: the system refuses one, or a waiting one fails.</summary>
public sealed class LogThreadTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Address => $"log://{_directory["orders"]}?segment=1MiB";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_follower_gets_an_error_if_no_thread_starts_and_the_next_read_starts_one()
    {
        using var log = MappedLog.Open(Address);
        using var follower = log.Follow();
        NoThreads.AssertRefused(() => follower.ReadAsync().AsTask().GetAwaiter().GetResult());

        ValueTask<LogRecord> reading = follower.ReadAsync();
        log.Append("one"u8);

        Assert.Equal(1, (await reading).Sequence);
    }

    [Fact]
    public void An_appender_works_without_its_thread()
    {
        const int Many = 2000;
        using (new NoThreads())
        {
            using var log = MappedLog.Open(Address);
            for (int i = 1; i <= Many; i++)
            {
                Assert.Equal(i, log.Append(new byte[1000]));
            }

            Assert.Equal(Many, log.Info().Records);
        }
    }

    [Fact]
    public void An_appender_tries_again_to_start_its_thread()
    {
        using var store = OpenStore();
        using LogSegment segment = store.OpenLast(isWritable: true, out _);
        using LogPreparer preparer = new(store);
        using (new NoThreads())
        {
            preparer.Tell(segment, 0);
        }

        preparer.Tell(segment, 0);

        SpinWait.SpinUntil(() => preparer.Prepared > 0);
    }

    [Fact]
    public async Task A_waiter_that_cannot_be_woken_gets_the_error_and_the_others_wake()
    {
        using var store = OpenStore();
        int bell = store.Control.Announce();
        TestWaiter before = new();
        TestWaiter failing = new() { OnWake = static () => throw new InvalidOperationException("of this one") };
        TestWaiter behind = new();
        foreach (TestWaiter waiter in new[] { before, failing, behind })
        {
            store.Waiters.Add(waiter, bell, isBusy: false);
        }

        store.Control.Ring();

        await before.Task;
        await behind.Task;
        Assert.Equal("of this one", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing.Task)).Message);
    }

    [Fact]
    public void The_position_of_a_follower_is_not_removed_while_it_follows()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        bool isOver = false;
        InParallel.Run(2, index =>
        {
            if (index == 1)
            {
                while (!Volatile.Read(ref isOver))
                {
                    UnlessHeld(() => MappedLog.RemovePosition(Address, "billing"));
                }

                return;
            }

            try
            {
                for (int i = 0; i < 500; i++)
                {
                    UnlessHeld(() =>
                    {
                        using LogFollower follower = log.Follow("billing");
                        Assert.True(File.Exists($"{log.Path}/{LogLayout.PositionFolder}/billing"));
                    });
                }
            }
            finally
            {
                Volatile.Write(ref isOver, true);
            }
        });
    }

    [Fact]
    public void Log_that_is_open_is_not_removed_by_two_that_remove_it()
    {
        bool isOver = false;
        InParallel.Run(3, index =>
        {
            if (index > 0)
            {
                while (!Volatile.Read(ref isOver))
                {
                    UnlessHeld(() => MappedLog.Remove(Address));
                }

                return;
            }

            try
            {
                for (int i = 0; i < 500; i++)
                {
                    using MappedLog log = MappedLog.Open(Address);
                    log.Append("one"u8);
                    Assert.True(File.Exists($"{log.Path}/{LogLayout.ControlName}"));
                    Assert.NotEmpty(LogFolder.Ordinals(log.Path));
                }
            }
            finally
            {
                Volatile.Write(ref isOver, true);
            }
        });
    }

    // Each of the two threads has the position for a moment.
    private static void UnlessHeld(Action action)
    {
        try
        {
            action();
        }
        catch (FairleadException held) when (held.Code == ErrorCode.AlreadyExists)
        {
        }
    }

    private LogStore OpenStore() =>
        LogStore.Open(_directory["orders"], 1 << 20, mayMake: true, new LogRetention(null, null, default), TimeProvider.System);

    private sealed class TestWaiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ILogWaiter
    {
        public Action? OnWake { get; init; }

        public void Wake()
        {
            OnWake?.Invoke();
            TrySetResult();
        }

        public void Fail(Exception exception) => TrySetException(exception);
    }
}
