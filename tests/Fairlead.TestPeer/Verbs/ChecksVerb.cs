using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>checks</c>: uses the library by itself. Run under Native AOT: that it publishes without a warning is half of the test, that it runs
/// is the other half.
/// It speaks TAP (one line "ok" or "not ok" a check), which test.sh counts.
/// </summary>
internal static class ChecksVerb
{
    private static int _checks;
    private static int _failures;

    public static Task<int> RunAsync(string[] arguments)
    {
        Check("addresses are parsed, changed and written back", Addresses);
        Check("memory is shared, and a cell in it written and read", Memory);
        Check("a mutex is entered, awaited and left", Mutex);
        Console.WriteLine($"1..{_checks}");
        return Task.FromResult(_failures == 0 ? 0 : 1);
    }

    private static bool Addresses()
    {
        var address = Address.Parse("unix://orders?framing=line");
        return address.Scheme == "unix"
            && address.Option("framing") == "line"
            && address.With("wait", "5s").Without("framing").ToString() == "unix://orders?wait=5s";
    }

    private static bool Memory()
    {
        using var region = SharedRegion.Create(4096);
        using var other = SharedRegion.Attach(region.Path!);
        using var writer = region.Cell<(long, double)>(64);
        using var reader = other.Cell<(long, double)>(64);
        region.At<long>(0) = 7;
        writer.Write((1, 2.5));
        return other.At<long>(0) == 7 && reader.Read() == (1, 2.5) && reader.Version == 1;
    }

    private static bool Mutex()
    {
        using var region = SharedRegion.Create(NamedMutex.SizeInRegion);
        using var one = NamedMutex.OpenIn(region, 0);
        using var other = NamedMutex.OpenIn(region, 0);
        MutexScope inside = one.Enter();
        var waiting = other.EnterAsync().AsTask();
        bool isOut = waiting.IsCompleted || other.TryEnter(TimeSpan.Zero, out _);
        inside.Dispose();
        using MutexScope next = waiting.GetAwaiter().GetResult();
        return !isOut && !one.TryEnter(TimeSpan.Zero, out _) && !next.OwnerDied;
    }

    private static void Check(string name, Func<bool> check)
    {
        _checks++;
        string? problem = null;
        try
        {
            problem = check() ? null : "the result is not the expected one";
        }
        catch (Exception e)
        {
            problem = e.ToString();
        }

        Console.WriteLine($"{(problem is null ? "ok" : "not ok")} {_checks} - {name}");
        if (problem is not null)
        {
            _failures++;
            Console.WriteLine("# " + problem.ReplaceLineEndings("\n# "));
        }
    }
}
