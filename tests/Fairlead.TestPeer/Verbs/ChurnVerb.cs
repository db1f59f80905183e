using System.Diagnostics;
using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>churn ADDRESS COUNT</c>: binds, and lets so many connections come and go, in a process where nothing else happens; says how many descriptors and threads there are before
/// and after, and how many endpoint entries and bytes of managed memory were left over.
/// </summary>
internal static class ChurnVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var receiver = await Receiver.BindAsync(arguments[0]);
        var place = receiver.Address;
        var count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var receiving = receiver.RunAsync((_, _) => default);
        await RoundAsync(place, 50);
        var before = await SettleAsync(receiver);
        await RoundAsync(place, count);
        var after = await SettleAsync(receiver);
        Console.WriteLine($"ok {before.Descriptors} {after.Descriptors} {before.Threads} {after.Threads} {after.Bytes - before.Bytes}");
        GC.KeepAlive(receiving);
        return 0;
    }

    private static async Task RoundAsync(Address place, int count)
    {
        for (var i = 0; i < count; i += 10)
        {
            // Ten at a time are there at once.
            var senders = new Sender[10];
            for (var k = 0; k < senders.Length; k++)
            {
                senders[k] = await Sender.ConnectAsync(place);
                await senders[k].SendAsync("x"u8);
            }

            foreach (var sender in senders)
            {
                if (i % 20 == 0)
                {
                    sender.Dispose();
                }
                else
                {
                    await sender.CloseAsync(TimeSpan.FromMinutes(1));
                }
            }
        }
    }

    private static async Task<(int Descriptors, int Threads, long Bytes)> SettleAsync(Receiver receiver)
    {
        while (receiver.Peers.Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return (Directory.GetFiles("/proc/self/fd").Length, self.Threads.Count, GC.GetTotalMemory(forceFullCollection: true));
    }
}
