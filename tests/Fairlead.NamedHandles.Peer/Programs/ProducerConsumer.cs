using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// A producer, and consumers that wait for an item or for the end. A semaphore counts the items, an event stops all consumers. A consumer
/// that is killed takes along the one item that it works at. If it is killed between its permit and its item, the item stays, and the
/// next consumer that starts or stops takes it. A producer that is killed stops no consumer: the next one goes on.
/// </summary>
internal sealed class ProducerConsumer : IDisposable
{
    private const int Slots = 256;
    private const int SlotSize = 128;
    private const long Head = 0;
    private const long Tail = 8;
    private const long Items = 16;

    private readonly Mutex _mutex;
    private readonly Semaphore _items;
    private readonly EventWaitHandle _stop;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private ProducerConsumer(string name)
    {
        _mutex = new Mutex(false, $"{name}-queue-mutex");
        _items = new Semaphore(0, int.MaxValue, $"{name}-items");
        _stop = new EventWaitHandle(false, EventResetMode.ManualReset, $"{name}-stop");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-queue", Items + (Slots * SlotSize));
        _map = _file.CreateViewAccessor();
    }

    /// <summary>Runs <c>produce NAME</c> until a line "stop", or <c>consume NAME</c>, which stays at an item "hang".</summary>
    public static int Run(string[] args)
    {
        using ProducerConsumer queue = new(args[1]);
        if (args[0] == "produce")
        {
            queue.Produce();
        }
        else
        {
            queue.Consume();
        }

        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _stop.Dispose();
        _items.Dispose();
        _mutex.Dispose();
    }

    private void Produce()
    {
        while (Console.ReadLine() is { } line && line != "stop")
        {
            _mutex.Enter();
            long head = _map.ReadInt64(Head);
            bool hasRoom = head - _map.ReadInt64(Tail) < Slots;
            if (hasRoom)
            {
                _map.WriteText(PlaceOf(head), line, SlotSize);
                _map.Write(Head, head + 1);
            }

            _mutex.ReleaseMutex();
            if (hasRoom)
            {
                _items.Release();
            }

            Console.WriteLine(hasRoom ? $"put {line}" : "full");
        }

        _stop.Set();
        Console.WriteLine("stopped");
    }

    private void Consume()
    {
        int count = TakeAll();
        Console.WriteLine("ready");
        while (WaitHandle.WaitAny([_stop, _items]) == 1)
        {
            count += Take() ? 1 : 0;
        }

        Console.WriteLine($"consumed {count + TakeAll()}");
    }

    private int TakeAll()
    {
        int count = 0;
        while (Take())
        {
            count++;
        }

        return count;
    }

    private bool Take()
    {
        _mutex.Enter();
        long tail = _map.ReadInt64(Tail);
        string? item = null;
        if (tail < _map.ReadInt64(Head))
        {
            item = _map.ReadText(PlaceOf(tail));
            _map.Write(Tail, tail + 1);
        }

        _mutex.ReleaseMutex();
        if (item is not null)
        {
            Console.WriteLine($"got {item}");
        }

        if (item == "hang")
        {
            Console.ReadLine();
        }

        return item is not null;
    }

    private static long PlaceOf(long item) => Items + (item % Slots * SlotSize);
}
