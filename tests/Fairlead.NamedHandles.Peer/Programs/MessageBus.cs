using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// A bus: each message reaches every subscriber. A map has the last messages and a flag for each subscriber, a mutex guards the map, and
/// each subscriber has an event. A publisher that is killed leaves the mutex abandoned. Its message does not count, because the counter
/// changes last. A subscriber that is killed leaves its flag behind. The next publisher clears the flag, because the event ended with the
/// subscriber.
/// </summary>
internal sealed class MessageBus : IDisposable
{
    private const int Slots = 64;
    private const int SlotSize = 512;
    private const int Subscribers = 16;
    private const long Counter = 0;
    private const long Flags = 8;
    private const long Messages = 64;

    private readonly string _name;
    private readonly Mutex _mutex;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private MessageBus(string name)
    {
        _name = name;
        _mutex = new Mutex(false, $"{name}-bus");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-messages", Messages + (Slots * SlotSize));
        _map = _file.CreateViewAccessor();
    }

    /// <summary>Runs <c>publish NAME</c>, <c>subscribe NAME</c>, or <c>break NAME</c>, which stays in the middle of a message.</summary>
    public static int Run(string[] args)
    {
        using MessageBus bus = new(args[1]);
        switch (args[0])
        {
            case "publish":
                while (Console.ReadLine() is { } line)
                {
                    Console.WriteLine($"published {bus.Publish(line, isWhole: true)}");
                }

                return 0;
            case "break":
                bus.Publish("half of a message", isWhole: false);
                return 1;
            default:
                bus.Subscribe();
                return 0;
        }
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _mutex.Dispose();
    }

    private long Publish(string text, bool isWhole)
    {
        _mutex.Enter();
        try
        {
            long count = _map.ReadInt64(Counter);
            _map.WriteText(Place(count), text, SlotSize);
            if (!isWhole)
            {
                Console.WriteLine("inside");
                Console.ReadLine();
            }

            _map.Write(Counter, count + 1);
            for (int i = 0; i < Subscribers; i++)
            {
                Wake(i);
            }

            return count;
        }
        finally
        {
            _mutex.ReleaseMutex();
        }
    }

    private void Wake(int subscriber)
    {
        if (!_map.ReadBoolean(Flags + subscriber))
        {
            return;
        }

        if (EventWaitHandle.TryOpenExisting(EventOf(subscriber), out EventWaitHandle? wake))
        {
            wake.Set();
            wake.Dispose();
        }
        else
        {
            _map.Write(Flags + subscriber, false);
        }
    }

    private void Subscribe()
    {
        _mutex.Enter();
        long next = _map.ReadInt64(Counter);
        using EventWaitHandle wake = TakeEvent(out int number);
        _map.Write(Flags + number, true);
        _mutex.ReleaseMutex();
        Console.WriteLine("subscribed");
        for (string last = ""; last != "end";)
        {
            wake.WaitOne();
            _mutex.Enter();
            string[] news = [.. Enumerable.Range(0, (int)(_map.ReadInt64(Counter) - next)).Select(i => _map.ReadText(Place(next + i)))];
            _mutex.ReleaseMutex();
            next += news.Length;
            foreach (string text in news)
            {
                Console.WriteLine(last = text);
            }
        }
    }

    private EventWaitHandle TakeEvent(out int number)
    {
        for (number = 0; number < Subscribers; number++)
        {
            EventWaitHandle mine = new(false, EventResetMode.AutoReset, EventOf(number), out bool createdNew);
            if (createdNew)
            {
                return mine;
            }

            mine.Dispose();
        }

        throw new InvalidOperationException($"{Subscribers} programs have subscribed, and no more may.");
    }

    private string EventOf(int subscriber) => $"{_name}-subscriber-{subscriber}";

    private static long Place(long message) => Messages + (message % Slots * SlotSize);
}
