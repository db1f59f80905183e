using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// Programs that count in one file, each step inside a mutex. A step is a read and a write, so a count is lost when two programs own the
/// mutex at the same time. Needs a named mutex only, which the platform has on Linux, too.
/// </summary>
internal static class SharedCount
{
    /// <summary>
    /// Runs <c>NAME FILE TIMES</c>: counts when a line of its input comes, and prints what the mutex reported: abandonments although
    /// no owner died, and releases that were refused to the owner.
    /// </summary>
    public static int Run(string[] args)
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(args[1], FileMode.Open);
        using MemoryMappedViewAccessor count = file.CreateViewAccessor();
        using Mutex mutex = new(false, args[0]);
        int times = int.Parse(args[2], CultureInfo.InvariantCulture);
        Console.WriteLine("ready");
        Console.ReadLine();
        int abandoned = 0;
        int refused = 0;
        for (int i = 0; i < times; i++)
        {
            abandoned += mutex.Enter() ? 1 : 0;
            long before = count.ReadInt64(0);
            Thread.SpinWait(10);
            count.Write(0, before + 1);
            try
            {
                mutex.ReleaseMutex();
            }
            catch (ApplicationException)
            {
                refused++;
            }
        }

        Console.WriteLine($"{abandoned} abandoned, {refused} refused");
        return 0;
    }
}
