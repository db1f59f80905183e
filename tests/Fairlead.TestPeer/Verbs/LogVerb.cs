using System.Globalization;
using Fairlead.Logs;
using Fairlead.Logs.Storage;
using Fairlead.Memory;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>log append ADDRESS REGION SLOT</c>: says <c>ready</c>, then appends numbered records up to the number in the region, and notes there
/// the last acknowledged one, until its input ends. <c>log follow ADDRESS</c>: says <c>ready</c>; told the number of the last record it
/// answers what it has read: how many, a sum over everything in order, and the last number of each slot. <c>log hold segments|all
/// ADDRESS</c>: takes the lock for making segments, or the one for having the log alone; says <c>ready</c>, and gives it back when its
/// input ends.
/// </summary>
internal static class LogVerb
{
    private const ulong Factor = 1099511628211;

    public static Task<int> RunAsync(string[] arguments) => Task.FromResult(arguments[0] switch
    {
        "append" => Append(arguments[1], arguments[2], int.Parse(arguments[3], CultureInfo.InvariantCulture)),
        "follow" => Follow(arguments[1]),
        "hold" => Hold(arguments[1], arguments[2]),
        _ => 2,
    });

    private static int Append(string address, string regionName, int slot)
    {
        using var region = SharedRegion.Open(regionName);
        using var log = MappedLog.Open(address);
        Span<byte> body = stackalloc byte[LogBody.Size];
        ref long allowed = ref region.At<long>(LogBody.AllowedAt);
        ref long acknowledged = ref region.At<long>(LogBody.AcknowledgedAt(slot));
        ref long doomed = ref region.At<long>(LogBody.IsDoomedAt(slot));
        Console.WriteLine("ready");
        long number = 0;
        while (Volatile.Read(ref allowed) >= 0)
        {
            if (number >= Volatile.Read(ref allowed) && Volatile.Read(ref doomed) == 0)
            {
                Thread.Yield();
                continue;
            }

            LogBody.Fill(body, slot, ++number);
            log.Append(body);
            Volatile.Write(ref acknowledged, number);
        }

        Console.WriteLine("done");
        return 0;
    }

    private static int Hold(string what, string address)
    {
        string folder = LogFolder.PathOf(address);
        Directory.CreateDirectory(folder);
        using LogControl control = LogControl.Open(folder, mayMake: true, out _)!;
        if (!(what == "segments" ? control.TryTakeSegments() : control.TryBeAlone()))
        {
            Console.WriteLine("error another process has it");
            return 1;
        }

        Console.WriteLine("ready");
        while (Console.ReadLine() is not null)
        {
        }

        return 0;
    }

    private static int Follow(string address)
    {
        using var log = MappedLog.Open(address);
        using var follower = log.Follow();
        Console.WriteLine("ready");
        long last = long.MaxValue;
        new Thread(() => Volatile.Write(ref last, long.Parse(Console.ReadLine()!, CultureInfo.InvariantCulture)))
        {
            IsBackground = true,
        }.Start();
        SortedDictionary<int, long> numbers = [];
        long count = 0;
        long at = 0;
        ulong sum = 0;
        while (at < Volatile.Read(ref last))
        {
            if (!follower.TryRead(out var record, TimeSpan.FromMilliseconds(100)))
            {
                continue;
            }

            if (record.Sequence <= at)
            {
                Console.WriteLine($"error record {record.Sequence} came behind {at}");
                return 1;
            }

            at = record.Sequence;
            var (slot, number) = LogBody.Read(record.Span);
            if (number != numbers.GetValueOrDefault(slot) + 1)
            {
                Console.WriteLine($"error record {at} is number {number} of {slot}, behind {numbers.GetValueOrDefault(slot)}");
                return 1;
            }

            numbers[slot] = number;
            count++;
            sum = (((sum * Factor) ^ (ulong)at) * Factor) ^ ((ulong)slot << 48) ^ (ulong)number;
        }

        Console.WriteLine($"ok {count} {sum} {string.Join(',', numbers.Select(entry => $"{entry.Key}:{entry.Value}"))}");
        return 0;
    }
}
