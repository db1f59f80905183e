namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>hold NAME [TIMES]</c>: takes a mutex so many times, says "inside", and releases it once for each line. When stdin ends, it exits
/// with what it still owns.
/// </summary>
internal static class Holding
{
    public static int Run(string[] arguments)
    {
        using Mutex mutex = new(false, arguments[0]);
        int times = arguments.Length > 1 ? int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture) : 1;
        for (int i = 0; i < times; i++)
        {
            try
            {
                _ = mutex.WaitOne();
            }
            catch (AbandonedMutexException)
            {
                Console.WriteLine("abandoned");
            }
        }

        Console.WriteLine("inside");
        while (Console.ReadLine() is not null)
        {
            mutex.ReleaseMutex();
            Console.WriteLine("released");
        }

        return 0;
    }
}
