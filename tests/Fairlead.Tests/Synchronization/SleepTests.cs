using System.Runtime.InteropServices;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Tests.Synchronization;

public sealed class SleepTests
{
    [Fact]
    public async Task A_waker_does_not_wait_for_a_thread_that_sleeps_again_immediately()
    {
        int turns = 0;
        bool isOver = false;
        Task asleep = Task.Factory.StartNew(
            () => SleepUntil(() => Volatile.Read(ref isOver), () => turns++),
            default,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await Task.Factory.StartNew(
            () =>
            {
                for (int last = 0; last < 100;)
                {
                    Sleep.WakeAll();
                    last = Volatile.Read(ref turns);
                }
            },
            default,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Volatile.Write(ref isOver, true);
        while (!asleep.IsCompleted)
        {
            Sleep.WakeAll();
        }

        await asleep;
    }

    private static unsafe void SleepUntil(Func<bool> isOver, Action onWake)
    {
        int* word = (int*)NativeMemory.AllocZeroed(sizeof(int));
        using (Sleep sleep = new(CancellationToken.None))
        {
            while (!isOver())
            {
                sleep.On(word, 0, Deadline.Infinite, KeeperWatch.Ended);
                onWake();
            }
        }

        NativeMemory.Free(word);
    }
}
