using System.IO.MemoryMappedFiles;

namespace Programs;

/// <summary>
/// Settings that programs share while one of them runs. The map has two copies: a change is written to the one that is not read, and
/// then one number makes that copy the current one. A writer that is killed at any instant leaves the settings as they were before, or as
/// they are after its change. The next program finds the mutex abandoned and owns it.
/// </summary>
internal sealed class SharedSettings : IDisposable
{
    private const int CopySize = 4096;
    private const long Current = 0;
    private const long Copies = 8;

    private readonly Mutex _mutex;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _map;

    private SharedSettings(string name)
    {
        _mutex = new Mutex(false, $"{name}-settings-mutex");
        _file = MemoryMappedFile.CreateOrOpen($"{name}-settings", Copies + (2 * CopySize));
        _map = _file.CreateViewAccessor();
    }

    /// <summary>
    /// Runs <c>keep NAME</c> until its input ends, <c>set NAME KEY VALUE</c>, <c>get NAME KEY</c>, or <c>break NAME KEY VALUE</c>, which
    /// stays in the middle of a change.
    /// </summary>
    public static int Run(string[] args)
    {
        using SharedSettings settings = new(args[1]);
        switch (args[0])
        {
            case "keep":
                Console.WriteLine("kept");
                Console.ReadLine();
                break;
            case "set":
                settings.Set(args[2], args[3], isWhole: true);
                Console.WriteLine("set");
                break;
            case "break":
                settings.Set(args[2], args[3], isWhole: false);
                break;
            default:
                Console.WriteLine(settings.Get(args[2]));
                break;
        }

        return 0;
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
        _mutex.Dispose();
    }

    private string Get(string key)
    {
        _mutex.Enter();
        try
        {
            return Read(out _).GetValueOrDefault(key, "(none)");
        }
        finally
        {
            _mutex.ReleaseMutex();
        }
    }

    private void Set(string key, string value, bool isWhole)
    {
        _mutex.Enter();
        try
        {
            Dictionary<string, string> settings = Read(out int current);
            settings[key] = value;
            string text = string.Join('\n', settings.Select(static one => $"{one.Key}={one.Value}"));
            int next = 1 - current;
            _map.WriteText(PlaceOf(next), isWhole ? text : text[..(text.Length / 2)], CopySize);
            if (!isWhole)
            {
                Console.WriteLine("inside");
                Console.ReadLine();
            }

            _map.Write(Current, next);
        }
        finally
        {
            _mutex.ReleaseMutex();
        }
    }

    private Dictionary<string, string> Read(out int current)
    {
        current = _map.ReadInt32(Current);
        return _map.ReadText(PlaceOf(current))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('=', 2))
            .ToDictionary(static parts => parts[0], static parts => parts[1]);
    }

    private static long PlaceOf(int copy) => Copies + (copy * CopySize);
}
