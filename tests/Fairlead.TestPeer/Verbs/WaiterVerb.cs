using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>waiter ADDRESS COUNT</c>: takes messages through a wait set with an endpoint, a timer and a token in it. For each line of
/// input it takes COUNT messages, and says how many bytes of managed memory were allocated meanwhile. With <c>wait</c> it waits without
/// end.
/// </summary>
internal static class WaiterVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        using var receiver = Receiver.Bind(arguments[0]);
        using var never = new CancellationTokenSource();
        using var set = new WaitSet();
        set.Attach(receiver);
        set.AttachTimer(TimeSpan.FromDays(1));
        var count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        Console.WriteLine($"ok {receiver.Address}");
        while (Console.ReadLine() is { } line && line != "wait")
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

            Console.WriteLine($"ok {GC.GetTotalAllocatedBytes(precise: true) - before}");
        }

        Console.WriteLine("ok");
        set.Wait(null, never.Token);
        return Task.FromResult(0);
    }
}
