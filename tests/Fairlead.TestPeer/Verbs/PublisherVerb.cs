using System.Diagnostics;
using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>publisher bind|connect ADDRESS [STORE]</c>: <c>publish TOPIC COUNT</c> says for how many subscribers the last one was buffered;
/// <c>flood COUNT SIZE</c> publishes over 50 topics, closes, and says how many were acknowledged, how many dropped, how long one took in
/// microseconds, and how many bytes this process had at most.
/// </summary>
internal static class PublisherVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var publisher =
            arguments[0] == "bind"
                ? await Publisher.BindAsync(
                    arguments[1],
                    new() { HandshakeTimeout = Patience.Time, Store = arguments.Length > 2 ? Address.Parse(arguments[2]) : null })
                : await Publisher.ConnectAsync(arguments[1]);
        var next = 0;
        return await new Commands()
            .On(
                "publish",
                words =>
                {
                    var buffered = 0;
                    for (var i = int.Parse(words[1], CultureInfo.InvariantCulture); i > 0; i--)
                    {
                        buffered = publisher.Publish(words[0], Payload.Make(next++, 30));
                    }

                    return Task.FromResult(buffered.ToString(CultureInfo.InvariantCulture));
                })
            .On(
                "flood",
                async words =>
                {
                    var count = int.Parse(words[0], CultureInfo.InvariantCulture);
                    var message = new byte[int.Parse(words[1], CultureInfo.InvariantCulture)];
                    string[] topics =
                    [
                        .. Enumerable.Range(0, 50).Select(static i => string.Create(CultureInfo.InvariantCulture, $"t.{i}")),
                    ];
                    var start = Stopwatch.GetTimestamp();
                    for (var i = 0; i < count; i++)
                    {
                        Payload.Write(message.AsSpan(0, Payload.Least), i);
                        publisher.Publish(topics[i % topics.Length], message);
                    }

                    var each = Stopwatch.GetElapsedTime(start).TotalMicroseconds / count;
                    var report = await publisher.CloseAsync(TimeSpan.FromSeconds(90));
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{report.Acknowledged} {publisher.Statistics.Dropped} {each:0.0} {PeakMemory.Bytes}");
                })
            .ObeyAsync(publisher);
    }
}
