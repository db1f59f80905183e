using System.Globalization;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>Threads that wait, and names that no other test has.</summary>
internal static class Waiters
{
    // Ends a hang; no test depends on how long anything takes.
    public static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private static int _names;

    public static string Name() => string.Create(CultureInfo.InvariantCulture, $"test-{Interlocked.Increment(ref _names)}");

    /// <summary>Runs a call on a new thread; the task ends when the thread has ended in the kernel, too.</summary>
    public static Task<T> OnThread<T>(Func<T> call) => OnThread(call, out _);

    public static Task<T> OnThread<T>(Func<T> call, out Thread thread)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        thread = new(() =>
        {
            try
            {
                done.SetResult(call());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.IsBackground = true;
        thread.Start();
        return done.Task.WaitAsync(Watchdog);
    }

    public static Task OnThread(Action call) => OnThread(() =>
    {
        call();
        return true;
    });

    /// <summary>Blocks until a task has ended: the rest of the test runs on the same thread, which may own a mutex.</summary>
    public static T Here<T>(this Task<T> task)
    {
        _ = ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Same, for a task without a result.</summary>
    public static void Here(this Task task)
    {
        _ = ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        task.GetAwaiter().GetResult();
    }

    /// <summary>Blocks until a named handle has so many waiters on the machine.</summary>
    public static void Await(WaitHandle handle, int waiters)
    {
        Assert.True(SpinWait.SpinUntil(() => Count(handle) == waiters, Watchdog), $"It has {Count(handle)} waiters.");
    }

    /// <summary>Returns how many waiters a named handle has on the machine.</summary>
    public static int Count(WaitHandle handle)
    {
        using NamedHandles.Threading.ObjectReference.Call call = ((NamedHandles.Threading.INamedHandle)handle).Reference!.Begin();
        return call.Target.Core.Snapshot().Waiting.Count;
    }
}
