using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// A cache that many processes read at the same time and one changes. The mutex guards a few words: the writer, the readers, and how many
/// wait; the semaphore wakes those. Each process has a mutex with its number in the name, which exists while the process lives. A process
/// that enters first forgets the readers and the writer that were killed, and one that waits does so each half second. The cache of a
/// writer that was killed is emptied, because its text may be torn.
/// </summary>
internal sealed class Cache : IDisposable
{
    private const int Readers = 16;
    private const int TextSize = 4096;
    private const long Writer = 0;
    private const long Waiting = 4;
    private const long FirstReader = 8;
    private const long Text = FirstReader + (Readers * sizeof(int));

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly string _name;
    private readonly Mutex _alive;
    private readonly Mutex _mutex;
    private readonly Semaphore _changed;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private Cache(string name)
    {
        _name = name;
        _alive = new Mutex(false, NameOf(Environment.ProcessId));
        _mutex = new Mutex(false, $"{name}-cache-mutex");
        _changed = new Semaphore(0, int.MaxValue, $"{name}-cache-changed");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-cache", Text + TextSize);
        _map = _file.CreateViewAccessor();
    }

    /// <summary>
    /// Runs <c>put NAME KEY VALUE</c>, <c>find NAME KEY</c>, or <c>read NAME</c> and <c>write NAME</c>, which stay inside until a line
    /// comes.
    /// </summary>
    public static int Run(string[] args)
    {
        using Cache cache = new(args[1]);
        if (args[0] == "keep")
        {
            Console.WriteLine("kept");
            Console.ReadLine();
            return 0;
        }

        long place = cache.Enter(isWriter: args[0] is "put" or "write");
        string text = cache._map.ReadText(Text);
        switch (args[0])
        {
            case "put":
                cache._map.WriteText(Text, $"{text}{args[2]}={args[3]}\n", TextSize);
                Console.WriteLine("put");
                break;
            case "find":
                string? line = text.Split('\n').LastOrDefault(line => line.StartsWith($"{args[2]}=", StringComparison.Ordinal));
                Console.WriteLine(line?[(args[2].Length + 1)..] ?? "(none)");
                break;
            case "write":
                cache._map.WriteText(Text, text[..(text.Length / 2)], TextSize);
                Console.WriteLine("writing");
                Console.ReadLine();
                cache._map.WriteText(Text, text, TextSize);
                break;
            default:
                Console.WriteLine("reading");
                Console.ReadLine();
                break;
        }

        cache.Leave(place);
        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _changed.Dispose();
        _mutex.Dispose();
        _alive.Dispose();
    }

    // The place of this process: the writer's, or one of the readers'.
    private long Enter(bool isWriter)
    {
        while (true)
        {
            _mutex.Enter();
            ForgetDead();
            long? place = _map.ReadInt32(Writer) != 0 ? null
                : !isWriter ? Places().Select(static reader => (long?)reader).FirstOrDefault(reader => _map.ReadInt32(reader!.Value) == 0)
                : Places().All(reader => _map.ReadInt32(reader) == 0) ? Writer
                : null;
            _map.Write(place ?? Waiting, place is null ? _map.ReadInt32(Waiting) + 1 : Environment.ProcessId);
            _mutex.ReleaseMutex();
            if (place is { } mine)
            {
                return mine;
            }

            _changed.WaitOne(Patience);
        }
    }

    private void Leave(long place)
    {
        _mutex.Enter();
        _map.Write(place, 0);
        int waiting = _map.ReadInt32(Waiting);
        _map.Write(Waiting, 0);
        if (waiting > 0)
        {
            _changed.Release(waiting);
        }

        _mutex.ReleaseMutex();
    }

    private void ForgetDead()
    {
        foreach (long reader in Places().Where(IsDead))
        {
            _map.Write(reader, 0);
        }

        if (IsDead(Writer))
        {
            _map.WriteText(Text, "", TextSize);
            _map.Write(Writer, 0);
        }
    }

    private bool IsDead(long place)
    {
        int process = _map.ReadInt32(place);
        if (process == 0)
        {
            return false;
        }

        bool isAlive = Mutex.TryOpenExisting(NameOf(process), out Mutex? alive);
        alive?.Dispose();
        return !isAlive;
    }

    private string NameOf(int process) => $"{_name}-process-{process}";

    private static IEnumerable<long> Places() => Enumerable.Range(0, Readers).Select(static i => FirstReader + (i * sizeof(int)));
}
