using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs;

/// <summary><c>producer ADDRESS FROM COUNT</c>: sends so many items to a work queue, and ends when all were acknowledged.</summary>
internal static class ProducerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var sender = await Sender.ConnectAsync(arguments[0], Patience.Options);
        var from = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var count = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        Console.WriteLine("ok");
        for (var i = 0; i < count; i++)
        {
            await sender.SendAsync(Payload.Make(i, 64, from));
        }

        var report = await sender.CloseAsync(TimeSpan.FromMinutes(30));
        Console.WriteLine($"ok {report.Acknowledged}");
        return 0;
    }
}
