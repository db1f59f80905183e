using System.Globalization;

namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary><c>count NAME FILE TIMES</c>: adds 1 to a number in the file so often, each time inside the mutex.</summary>
internal static class Counting
{
    public static int Run(string[] arguments)
    {
        using Mutex mutex = new(false, arguments[0]);
        using SharedNumbers numbers = new(arguments[1]);
        for (int i = int.Parse(arguments[2], CultureInfo.InvariantCulture); i > 0; i--)
        {
            _ = mutex.WaitOne();
            long before = numbers.Read(0);
            Thread.SpinWait(10);
            Volatile.Write(ref numbers[0], before + 1);
            mutex.ReleaseMutex();
        }

        return 0;
    }
}
