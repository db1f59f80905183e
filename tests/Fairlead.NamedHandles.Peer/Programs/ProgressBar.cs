using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// The progress of one process, shown by another. The worker owns a mutex while it works, and sets an event for each step.
/// If the worker is killed, the viewer gets its mutex as an abandoned one, and shows where the work ended. A viewer that is killed does not
/// disturb the worker, and another may begin at any time.
/// </summary>
internal sealed class ProgressBar : IDisposable
{
    private const long Done = 0;
    private const long Total = 4;

    private readonly Mutex _working;
    private readonly EventWaitHandle _started;
    private readonly EventWaitHandle _changed;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private ProgressBar(string name)
    {
        _working = new Mutex(false, $"{name}-working");
        _started = new EventWaitHandle(false, EventResetMode.ManualReset, $"{name}-started");
        _changed = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-changed");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-progress", 8);
        _map = _file.CreateViewAccessor();
    }

    /// <summary>Runs <c>work NAME TOTAL</c>, one step for each line of its input, or <c>watch NAME</c>.</summary>
    public static int Run(string[] args)
    {
        using ProgressBar bar = new(args[1]);
        if (args[0] == "work")
        {
            bar.Work(int.Parse(args[2], CultureInfo.InvariantCulture));
        }
        else
        {
            bar.Watch();
        }

        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _changed.Dispose();
        _started.Dispose();
        _working.Dispose();
    }

    private void Work(int total)
    {
        _working.Enter();
        _map.Write(Total, total);
        _map.Write(Done, 0);
        _started.Set();
        Console.WriteLine("started");
        for (int done = 1; done <= total && Console.ReadLine() is not null; done++)
        {
            _map.Write(Done, done);
            _changed.Set();
        }

        _started.Reset();
        _working.ReleaseMutex();
    }

    private void Watch()
    {
        _started.WaitOne();
        try
        {
            do
            {
                Console.WriteLine(Bar());
            }
            while (WaitHandle.WaitAny([_changed, _working]) == 0);
            Console.WriteLine("finished");
        }
        catch (AbandonedMutexException died) when (died.MutexIndex == 1)
        {
            Console.WriteLine($"the worker died at {Bar()}");
        }

        _working.ReleaseMutex();
    }

    private string Bar() => $"{_map.ReadInt32(Done)} of {_map.ReadInt32(Total)}";
}
