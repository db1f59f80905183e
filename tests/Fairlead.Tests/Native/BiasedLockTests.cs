using Fairlead.Native.Memory;

namespace Fairlead.Tests.Native;

/// <summary>One thread is inside at a time, with any owner.</summary>
public sealed class BiasedLockTests
{
    private const int LongRun = 20_000;

    private BiasedLock _lock = new(LockRank.EndpointGate);
    private long _plain;

    [Fact]
    public void Two_threads_are_never_inside_together_while_the_lock_changes_owners() => RandomSeed.Rounds(3, random =>
    {
        const int Threads = 3;
        const int Runs = 60;
        _plain = 0;
        long expected = 0;
        int[][] runs = new int[Threads][];
        for (int i = 0; i < Threads; i++)
        {
            // Long runs create owners; short ones take the lock from them.
            runs[i] = [.. Enumerable.Range(0, Runs).Select(_ => random.Next(3) == 0 ? random.Next(LongRun) : random.Next(3))];
            expected += runs[i].Sum();
        }

        InParallel.Run(Threads, i =>
        {
            foreach (int run in runs[i])
            {
                for (int j = 0; j < run; j++)
                {
                    using (_lock.Hold())
                    {
                        _plain++;
                    }
                }

                Thread.Yield();
            }
        });
        Assert.Equal(expected, _plain);
    });

    [Fact]
    public void The_owner_may_enter_again_even_if_another_thread_revokes_the_bias_in_between()
    {
        for (int i = 0; i < LongRun; i++)
        {
            using (_lock.Hold())
            {
                using (_lock.Hold())
                {
                    _plain++;
                }
            }
        }

        using ManualResetEventSlim isStarted = new();
        Thread other;
        bool wasInside = false;
        using (_lock.Hold())
        {
            other = new Thread(() =>
            {
                isStarted.Set();
                using (_lock.Hold())
                {
                    wasInside = true;
                }
            });
            other.Start();
            isStarted.Wait();
            for (int i = 0; i < LongRun; i++)
            {
                using (_lock.Hold())
                {
                    _plain++;
                }
            }

            Assert.False(wasInside);
        }

        other.Join();
        Assert.True(wasInside);
        Assert.Equal(2 * LongRun, _plain);
    }

    [Fact]
    public void An_exception_leaves_the_lock()
    {
        for (int i = 0; i < LongRun; i++)
        {
            Assert.Throws<InvalidOperationException>(Fail);
            if (i > 500)
            {
                break;
            }
        }

        InParallel.Run(1, _ =>
        {
            using (_lock.Hold())
            {
                _plain++;
            }
        });
        Assert.Equal(1, _plain);

        void Fail()
        {
            using (_lock.Hold())
            {
                throw new InvalidOperationException();
            }
        }
    }
}
