using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>region KIND PLACE [SIZE]</c>: opens a region (<c>name</c>, <c>posix</c>, <c>file</c>, <c>sysv</c>, <c>memory</c>, or <c>attach</c>),
/// says <c>ok SIZE PATH</c>, then obeys until its input ends: <c>add OFFSET COUNT</c> adds one so many times, <c>get OFFSET</c>,
/// <c>remove</c> its name.
/// </summary>
internal static class RegionVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            using var region = Open(arguments);
            Console.WriteLine($"ok {region.Size} {region.Path}");
            while (await Console.In.ReadLineAsync() is { } line)
            {
                Console.WriteLine($"ok {Obey(region, line.Split(' '))}");
            }

            return 0;
        }
        catch (FairleadException error)
        {
            Console.WriteLine($"error {error.Code} {error.Message}");
            return 1;
        }
    }

    private static SharedRegion Open(string[] arguments)
    {
        long size = arguments.Length > 2 ? Number(arguments[2]) : 4096;
        return arguments[0] switch
        {
            "name" => SharedRegion.Open(arguments[1], size),
            "posix" => SharedRegion.OpenPosix(arguments[1], size),
            "file" => SharedRegion.OpenFile(arguments[1], size),
            "sysv" => SharedRegion.OpenSystemV((int)Number(arguments[1]), size),
            "memory" => SharedRegion.Create(size),
            _ => SharedRegion.Attach(arguments[1]),
        };
    }

    private static long Obey(SharedRegion region, string[] words)
    {
        if (words[0] == "remove")
        {
            return SharedRegion.Remove(region.Name!) ? 1 : 0;
        }

        ref long value = ref region.At<long>(Number(words[1]));
        for (long i = words[0] == "add" ? Number(words[2]) : 0; i > 0; i--)
        {
            Interlocked.Increment(ref value);
        }

        return Volatile.Read(ref value);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
