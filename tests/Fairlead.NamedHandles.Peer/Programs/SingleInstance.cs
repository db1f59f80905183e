using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// A program that runs once: a second start passes its argument to the first, and ends. The mutex says which is the first. If the first
/// is killed, also in the middle of taking an argument, the next start owns the mutex and is the first. A second start that is killed
/// leaves its argument behind, which the first takes or the next one replaces.
/// </summary>
internal sealed class SingleInstance : IDisposable
{
    private const int Space = 1024;

    private readonly Mutex _single;
    private readonly Mutex _talking;
    private readonly EventWaitHandle _activate;
    private readonly EventWaitHandle _taken;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _argument;

    private SingleInstance(string name)
    {
        _single = new Mutex(false, $"{name}-single");
        _talking = new Mutex(false, $"{name}-talking");
        _activate = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-activate");
        _taken = new EventWaitHandle(false, EventResetMode.AutoReset, $"{name}-taken");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-argument", Space);
        _argument = _file.CreateViewAccessor();
    }

    /// <summary>Runs <c>start NAME ARGUMENT</c>. The first ends with its input.</summary>
    public static int Run(string[] args)
    {
        using SingleInstance program = new(args[1]);
        if (!program.IsFirst() && program.HandOver(args[2]))
        {
            Console.WriteLine("handed over");
            return 0;
        }

        try
        {
            Console.WriteLine("first");
            program.Serve();
        }
        finally
        {
            program._single.ReleaseMutex();
        }

        return 0;
    }

    public void Dispose()
    {
        _argument.Dispose();
        _file.Dispose();
        _taken.Dispose();
        _activate.Dispose();
        _talking.Dispose();
        _single.Dispose();
    }

    private bool IsFirst()
    {
        try
        {
            return _single.WaitOne(0);
        }
        catch (AbandonedMutexException)
        {
            return true;
        }
    }

    // False: the first ended before it took the argument, and this program owns the mutex.
    private bool HandOver(string argument)
    {
        Console.WriteLine("asks the first");
        _talking.Enter();
        try
        {
            _taken.Reset();
            _argument.WriteText(0, argument, Space);
            _activate.Set();
            return WaitHandle.WaitAny([_taken, _single]) == 0;
        }
        catch (AbandonedMutexException)
        {
            return false;
        }
        finally
        {
            _talking.ReleaseMutex();
        }
    }

    private void Serve()
    {
        using CancellationTokenSource ended = new();
        Task reading = Task.Run(() =>
        {
            while (Console.ReadLine() is not null)
            {
            }

            ended.Cancel();
        });
        while (WaitHandle.WaitAny([ended.Token.WaitHandle, _activate]) == 1)
        {
            string argument = _argument.ReadText(0);
            _taken.Set();
            Console.WriteLine($"activated: {argument}");
        }

        reading.Wait();
    }
}
