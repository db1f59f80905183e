using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// A ring of numbers, with two semaphores for its free and its filled slots.
/// A process that is killed may have taken a permit without moving an index, or moved an index without passing a permit on. So the indexes
/// decide, and permits are hints: a process that gets one looks, and a process that waited for a second looks as well.
/// </summary>
internal sealed class RingBuffer : IDisposable
{
    private const int Slots = 16;
    private const long Head = 0;
    private const long Tail = 8;
    private const long Ring = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Mutex _mutex;
    private readonly Semaphore _free;
    private readonly Semaphore _filled;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private RingBuffer(string name)
    {
        _mutex = new Mutex(false, $"{name}-mutex");
        _free = new Semaphore(Slots, Slots, $"{name}-free");
        _filled = new Semaphore(0, Slots, $"{name}-filled");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-ring", Ring + (Slots * sizeof(long)));
        _map = _file.CreateViewAccessor();
    }

    /// <summary>Runs <c>write NAME COUNT</c> or <c>read NAME COUNT</c>; a count of 0 has no end.</summary>
    public static int Run(string[] args)
    {
        using RingBuffer ring = new(args[1]);
        long count = long.Parse(args[2], CultureInfo.InvariantCulture);
        for (long i = 0; count == 0 || i < count; i++)
        {
            Console.WriteLine(args[0] == "write" ? ring.Write() : ring.Read());
        }

        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _filled.Dispose();
        _free.Dispose();
        _mutex.Dispose();
    }

    private long Write()
    {
        while (true)
        {
            _free.WaitOne(Patience);
            _mutex.Enter();
            long head = _map.ReadInt64(Head);
            bool hasRoom = head - _map.ReadInt64(Tail) < Slots;
            if (hasRoom)
            {
                _map.Write(Ring + (head % Slots * sizeof(long)), head);
                _map.Write(Head, head + 1);
                PassOn(_filled);
            }

            _mutex.ReleaseMutex();
            if (hasRoom)
            {
                return head;
            }
        }
    }

    private long Read()
    {
        while (true)
        {
            _filled.WaitOne(Patience);
            _mutex.Enter();
            long tail = _map.ReadInt64(Tail);
            bool hasOne = tail < _map.ReadInt64(Head);
            long value = _map.ReadInt64(Ring + (tail % Slots * sizeof(long)));
            if (hasOne)
            {
                _map.Write(Tail, tail + 1);
                PassOn(_free);
            }

            _mutex.ReleaseMutex();
            if (hasOne)
            {
                return value == tail ? value : throw new InvalidDataException($"{value} stands in the place of {tail}.");
            }
        }
    }

    private static void PassOn(Semaphore semaphore)
    {
        try
        {
            semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // There are as many permits as slots already: a killed process left one too many.
        }
    }
}
