namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>storm NAME FILE</c>: enters and leaves a mutex in several ways, and takes from a semaphore that the test adds to, until an event is
/// set or it is killed. It writes into the file what it saw.
/// </summary>
public static class Storm
{
    /// <summary>The process inside the mutex; 0: none. Changed inside the mutex.</summary>
    public const int Inside = 0;

    /// <summary>How often a process entered.</summary>
    public const int Entries = 1;

    /// <summary>How often the mutex was reported as abandoned.</summary>
    public const int Abandoned = 2;

    /// <summary>How often the owner before had certainly died inside.</summary>
    public const int Deaths = 3;

    /// <summary>How often a death inside was not reported.</summary>
    public const int Unreported = 4;

    /// <summary>How much was taken from the semaphore.</summary>
    public const int Taken = 5;

    /// <summary>How many processes have begun.</summary>
    public const int Begun = 6;

    // Long enough that some process is inside at nearly every moment.
    private const int LongestStay = 20_000;

    /// <summary>Runs until the event is set.</summary>
    public static int Run(string[] arguments)
    {
        string name = arguments[0];
        using SharedNumbers numbers = new(arguments[1]);
        using Mutex mutex = new(false, $"{name}-mutex");
        using Semaphore semaphore = new(0, int.MaxValue, $"{name}-semaphore");
        using EventWaitHandle stop = new(false, EventResetMode.ManualReset, $"{name}-stop");
        using System.Threading.AutoResetEvent own = new(false);
        Console.WriteLine("ready");
        _ = Interlocked.Increment(ref numbers[Begun]);
        for (int i = 0; !stop.WaitOne(0); i++)
        {
            switch (i % 4)
            {
                case 0:
                    Enter(mutex, numbers, () => mutex.WaitOne());
                    break;
                case 1:
                    Enter(mutex, numbers, () => NamedWaitHandles.WaitAny([own, mutex]) == 1);
                    break;
                case 2:
                    _ = own.Set();
                    Enter(mutex, numbers, () => NamedWaitHandles.WaitAll([mutex, own]));
                    break;
                default:
                    if (NamedWaitHandles.WaitAny([semaphore, stop], Random.Shared.Next(3)) == 0)
                    {
                        _ = Interlocked.Increment(ref numbers[Taken]);
                    }

                    break;
            }
        }

        return 0;
    }

    /// <summary>Enters and leaves the mutex once.</summary>
    public static void Enter(Mutex mutex, SharedNumbers numbers, Func<bool> wait)
    {
        bool isAbandoned = false;
        try
        {
            if (!wait())
            {
                throw new InvalidOperationException("The wait got something else.");
            }
        }
        catch (AbandonedMutexException)
        {
            isAbandoned = true;
            _ = Interlocked.Increment(ref numbers[Abandoned]);
        }

        if (numbers.Read(Inside) != 0)
        {
            _ = Interlocked.Increment(ref numbers[isAbandoned ? Deaths : Unreported]);
        }

        Volatile.Write(ref numbers[Inside], Environment.ProcessId);
        Thread.SpinWait(Random.Shared.Next(LongestStay));
        _ = Interlocked.Increment(ref numbers[Entries]);
        Volatile.Write(ref numbers[Inside], 0);
        mutex.ReleaseMutex();
    }
}
