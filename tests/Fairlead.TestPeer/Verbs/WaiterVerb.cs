using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>waiter ADDRESS COUNT</c>: takes messages through a wait set with an endpoint, a timer and a token in it. After some rounds to warm up it says how many bytes of managed memory
/// were allocated for each further round of COUNT messages, and then waits for ever.
/// </summary>
internal static class WaiterVerb
{
    private const int WarmUp = 3;
    private const int Rounds = 3;

    public static Task<int> RunAsync(string[] arguments)
    {
        using var receiver = Receiver.Bind(arguments[0]);
        using var never = new CancellationTokenSource();
        using var set = new WaitSet();
        set.Attach(receiver);
        set.AttachTimer(TimeSpan.FromDays(1));
        var count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        Console.WriteLine($"ok {receiver.Address}");
        var allocated = new long[WarmUp + Rounds];
        for (var round = 0; round < allocated.Length; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < count;)
            {
                if (set.Wait(null, never.Token).Length > 0 && receiver.TryReceive(out var message))
                {
                    message.Dispose();
                    i++;
                }
            }

            allocated[round] = GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        Console.WriteLine($"ok {string.Join(' ', allocated[WarmUp..])}");
        set.Wait(null, never.Token);
        return Task.FromResult(0);
    }
}
