using System.Collections.Concurrent;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>loading ASSEMBLIES ADDRESS…</c>: receives at the addresses, and answers <c>ok</c> with them when the assemblies, with commas between,
/// have been loaded. At each line after that it says which others threads of Fairlead's have loaded since: <c>ok
/// System.Linq:fairlead_reactor</c>.
/// </summary>
internal static class LoadingVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        List<Receiver> receivers = [];
        foreach (var address in arguments[1..])
        {
            var receiver = await Receiver.BindAsync(address);
            _ = receiver.RunAsync(static (_, _) => default);
            receivers.Add(receiver);
        }

        HashSet<string?> needed = [.. arguments[0].Split(',')];
        await Polling.Until(() => needed.IsSubsetOf(AppDomain.CurrentDomain.GetAssemblies().Select(static one => one.GetName().Name)));

        ConcurrentQueue<string> late = new();
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
        {
            if (Thread.CurrentThread.Name is { } thread && thread.StartsWith("fairlead", StringComparison.OrdinalIgnoreCase))
            {
                late.Enqueue($"{loaded.LoadedAssembly.GetName().Name}:{thread.Replace(' ', '_')}");
            }
        };
        Console.WriteLine($"ok {string.Join(' ', receivers.Select(static receiver => receiver.Address))}");
        while (Console.ReadLine() is not null)
        {
            Console.WriteLine($"ok {string.Join(' ', late)}");
        }

        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }

        return 0;
    }
}
