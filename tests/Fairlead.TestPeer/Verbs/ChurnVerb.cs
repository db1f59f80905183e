using System.Diagnostics;
using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>churn ADDRESS COUNT THREADS</c>: binds, and lets so many connections come and go, three times, in a process where nothing else
/// happens; waits after each time until the reactor has added no more than so many threads; says how many descriptors and threads there are
/// before and after, and how many bytes of managed memory were left over by the round that left the fewest: pooled memory is made once,
/// what is not forgotten stays each time; and, with commas between, the names of the threads that there are more of than before.
/// </summary>
internal static class ChurnVerb
{
    private const int Rounds = 3;

    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var receiver = await Receiver.BindAsync(arguments[0]);
        var place = receiver.Address;
        var count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var mostThreads = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        var receiving = receiver.RunAsync((_, _) => default);
        await RoundAsync(place, 50);
        var before = await SettleAsync(receiver, static () => true);
        var threads = ThreadNames();
        var after = before;
        var left = long.MaxValue;
        for (var i = 0; i < Rounds; i++)
        {
            await RoundAsync(place, count);
            var bytes = after.Bytes;

            // Two for what is made once, at first need: the wake-ups of the endpoint and of the flusher.
            after = await SettleAsync(
                receiver, () => OpenDescriptors.Count() <= before.Descriptors + 2 && ReactorThreadsMoreThan(threads) <= mostThreads);
            left = Math.Min(left, after.Bytes - bytes);
        }

        string more = string.Join(',', More(threads, ThreadNames()));
        Console.WriteLine($"ok {before.Descriptors} {after.Descriptors} {before.Threads} {after.Threads} {left} {more}");
        GC.KeepAlive(receiving);
        return 0;
    }

    private static List<string> ThreadNames()
    {
        List<string> names = [];
        foreach (var task in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                names.Add(File.ReadAllText($"{task}/comm").TrimEnd('\n').Replace(' ', '_'));
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        return names;
    }

    private static List<string> More(List<string> before, List<string> after)
    {
        List<string> more = [.. after];
        before.ForEach(name => more.Remove(name));
        return more;
    }

    // On a busy machine many of them are busy at once; those without work end after ten seconds.
    private static int ReactorThreadsMoreThan(List<string> before) =>
        More(before, ThreadNames()).Count(static name => name is "fairlead_reacto");

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

    /// <summary>
    /// Waits until the last connection is gone: from the peers at first, then its descriptor and the threads that it kept busy. It waits
    /// in vain for a descriptor or a thread that was forgotten; the test's watchdog ends that.
    /// </summary>
    private static async Task<(int Descriptors, int Threads, long Bytes)> SettleAsync(Receiver receiver, Func<bool> isOver)
    {
        await Polling.Until(() => receiver.Peers.Count == 0 && isOver());

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return (OpenDescriptors.Count(), self.Threads.Count, GC.GetTotalMemory(forceFullCollection: true));
    }
}
