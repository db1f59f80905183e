using System.Globalization;
using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles;

namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>What a second process does with named maps. It reports by lines, and goes on when it gets one.</summary>
internal static class MapRoles
{
    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["map-create", var name, var size, var value]:
                Hold(NamedMemoryMaps.CreateNew(name, Number(size)), Number(value));
                break;
            case ["map-open", var name]:
                Show(NamedMemoryMaps.OpenExisting(name));
                break;
            case ["map-view", var name, var size, var value]:
                HoldView(NamedMemoryMaps.CreateNew(name, Number(size)), Number(value));
                break;
            case ["map-race", var name, var times]:
                Race(name, Number(times));
                break;
            case ["map-file", var path, var name]:
                Hold(NamedMemoryMaps.CreateFromFile(path, FileMode.Open, name), null);
                break;
            case ["map-many", var name, var times]:
                Many(name, 10);
                int before = Descriptors();
                Many(name, Number(times));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before} {Descriptors()}"));
                Console.ReadLine();
                break;
            default:
                throw new ArgumentException($"There is no role '{string.Join(' ', arguments)}'.");
        }

        return 0;
    }

    private static void Hold(MemoryMappedFile map, long? value)
    {
        using (map)
        {
            using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
            {
                if (value is { } known)
                {
                    view.Write(0, known);
                }
            }

            Console.WriteLine("ready");
            Console.ReadLine();
        }

        Console.WriteLine("closed");
        Console.ReadLine();
    }

    private static void HoldView(MemoryMappedFile map, long value)
    {
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            map.Dispose();
            view.Write(0, value);
            Console.WriteLine("ready");
            Console.ReadLine();
        }

        Console.WriteLine("closed");
        Console.ReadLine();
    }

    private static void Show(MemoryMappedFile map)
    {
        using (map)
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{view.Capacity} {view.ReadInt64(0)}"));
        }
    }

    private static void Many(string name, long times)
    {
        for (long i = 0; i < times; i++)
        {
            using MemoryMappedFile map = NamedMemoryMaps.OpenExisting(name);
            using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static unsafe void Race(string name, long times)
    {
        Console.WriteLine("ready");
        Console.ReadLine();
        using MemoryMappedFile map = NamedMemoryMaps.CreateOrOpen(name, 4096);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        for (long i = 0; i < times; i++)
        {
            Interlocked.Increment(ref *(long*)start);
        }

        Console.WriteLine("done");
        Console.ReadLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Volatile.Read(ref *(long*)start)}"));
        view.SafeMemoryMappedViewHandle.ReleasePointer();
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
