using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>subscriber bind|connect ADDRESS TOPICS</c>; <c>slow MICROSECONDS</c> spends that time on each message until the publisher ends. Then
/// it says the number received, the number missed with them and in all, and its peak memory in bytes.
/// </summary>
internal static class SubscriberVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var subscriber = arguments[0] == "bind"
            ? await Subscriber.BindAsync(arguments[1], arguments[2], Patience.Options)
            : await Subscriber.ConnectAsync(arguments[1], arguments[2], Patience.Options);
        var commands = new Commands().On(
            "slow", words => SlowAsync(subscriber, TimeSpan.FromMicroseconds(int.Parse(words[0], CultureInfo.InvariantCulture))));
        return await new Inbound(() => subscriber.ReceiveAsync()).AddTo(commands).ObeyAsync(subscriber);
    }

    private static async Task<string> SlowAsync(Subscriber subscriber, TimeSpan each)
    {
        long received = 0;
        long missed = 0;
        Dictionary<string, int> last = [];
        await foreach (var message in subscriber.ReceiveAllAsync())
        {
            // The order of each topic holds under every policy.
            var number = BinaryPrimitives.ReadInt32BigEndian(message.Span);
            if (number <= last.GetValueOrDefault(message.Topic, -1))
            {
                throw new InvalidOperationException($"Message {number} came behind {last[message.Topic]}.");
            }

            last[message.Topic] = number;
            received++;
            missed += message.Missed;
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < each;)
            {
                // This is what makes it slow: it works.
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{received} {missed} {subscriber.Missed} {PeakMemory.Bytes}");
    }
}
