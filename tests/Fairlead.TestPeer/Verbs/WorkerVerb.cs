using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>worker ADDRESS</c>: takes items of a work queue until it closes; says the sender, the number and how often each was handed out
/// before, and whether it is marked, a line each, and then accepts it.
/// </summary>
internal static class WorkerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var receiver = await Receiver.ConnectAsync(arguments[0], Patience.Options);
        Console.WriteLine("ok");
        await foreach (var item in receiver.ReceiveAllAsync())
        {
            var (number, from) = Payload.Check(item.Span);
            Console.WriteLine($"{from} {number} {item.Deliveries} {item.Redelivered}");
        }

        return 0;
    }
}
