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

        // Two for what is made once, at first need: the wake-ups of the endpoint and of the flusher.
        var after = await SettleAsync(receiver, before.Descriptors + 2);
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

    /// <summary>Waits until the last connection is gone: from the peers at first, then its descriptor. One that is never closed is waited for in vain; the test's watchdog ends that.</summary>
    private static async Task<(int Descriptors, int Threads, long Bytes)> SettleAsync(Receiver receiver, int mostDescriptors = int.MaxValue)
    {
        while (receiver.Peers.Count > 0 || Directory.GetFiles("/proc/self/fd").Length > mostDescriptors)
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
