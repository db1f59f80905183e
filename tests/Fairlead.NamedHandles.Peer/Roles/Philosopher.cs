using System.Globalization;

namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>philosopher NAME NUMBER SEATS FILE TIMES</c>: takes the forks of a seat together so often, and checks that no neighbour has either.
/// </summary>
internal static class Philosopher
{
    public static int Run(string[] arguments)
    {
        int seat = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int seats = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        int[] forks = [seat, (seat + 1) % seats];
        WaitHandle[] handles =
        [
            new Mutex(false, $"{arguments[0]}-0-{forks[0]}"),
            new Semaphore(1, 1, $"{arguments[0]}-1-{forks[0]}"),
            new Mutex(false, $"{arguments[0]}-0-{forks[1]}"),
            new Semaphore(1, 1, $"{arguments[0]}-1-{forks[1]}"),
        ];
        using SharedNumbers numbers = new(arguments[3]);
        for (int i = int.Parse(arguments[4], CultureInfo.InvariantCulture); i > 0; i--)
        {
            if (!NamedWaitHandles.WaitAll(handles))
            {
                return 1;
            }

            foreach (int fork in forks)
            {
                if (Interlocked.Exchange(ref numbers[fork], seat + 1) != 0)
                {
                    return 2;
                }
            }

            Thread.SpinWait(100);
            foreach (int fork in forks)
            {
                _ = Interlocked.Exchange(ref numbers[fork], 0);
            }

            ((Mutex)handles[2]).ReleaseMutex();
            _ = ((Semaphore)handles[1]).Release();
            _ = ((Semaphore)handles[3]).Release();
            ((Mutex)handles[0]).ReleaseMutex();
        }

        return 0;
    }
}
