namespace Programs;

/// <summary>
/// A watchdog that sees the death of a worker because the worker owns a mutex while it lives. A second watchdog waits to take over.
/// If the worker is killed, the watchdog gets the mutex as an abandoned one, reports it, and waits for the next worker. If the watchdog is
/// killed, the second one gets its mutex the same way. The worker notices neither.
/// </summary>
internal static class Watchdog
{
    /// <summary>Runs <c>work NAME</c>, one beat for each line of its input, or <c>watch NAME</c>.</summary>
    public static int Run(string[] args)
    {
        using EventWaitHandle started = new(false, EventResetMode.AutoReset, $"{args[1]}-started");
        using EventWaitHandle beat = new(false, EventResetMode.AutoReset, $"{args[1]}-beat");
        using Mutex worker = new(false, $"{args[1]}-worker");
        if (args[0] == "work")
        {
            Work(worker, started, beat);
            return 0;
        }

        using Mutex watchdog = new(false, $"{args[1]}-watchdog");
        Console.WriteLine("waiting");
        Console.WriteLine(watchdog.Enter() ? "takes over" : "watches");
        while (Watch(worker, started, beat))
        {
        }

        watchdog.ReleaseMutex();
        return 0;
    }

    private static void Work(Mutex worker, EventWaitHandle started, EventWaitHandle beat)
    {
        worker.Enter();
        started.Set();
        Console.WriteLine("works");
        while (Console.ReadLine() is not null)
        {
            beat.Set();
        }

        worker.ReleaseMutex();
    }

    // Whether the worker was killed, so that another one is to come. A watchdog that takes over may have missed the start: a beat shows
    // it as well.
    private static bool Watch(Mutex worker, EventWaitHandle started, EventWaitHandle beat)
    {
        Console.WriteLine(WaitHandle.WaitAny([started, beat]) == 0 ? "a worker starts" : "a worker lives");
        try
        {
            // A worker that waited for the mutex may get it from the one that was killed before the watchdog does.
            int reason;
            while ((reason = WaitHandle.WaitAny([beat, started, worker])) != 2)
            {
                Console.WriteLine(reason == 0 ? "beat" : "another worker starts");
            }

            Console.WriteLine("the worker ended");
            worker.ReleaseMutex();
            return false;
        }
        catch (AbandonedMutexException)
        {
            Console.WriteLine("the worker died");
            worker.ReleaseMutex();
            return true;
        }
    }
}
