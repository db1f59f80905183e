using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>barrier PLACE PARTIES</c>: opens a barrier, says <c>ready</c>, then obeys until its input ends: <c>wait</c>, <c>async</c>,
/// <c>try</c>, <c>exit</c> (without disposing it). Answers <c>ok</c> and the phase, <c>ok no</c>, or <c>ok broken</c> and who has died.
/// </summary>
internal static class BarrierVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedBarrier barrier = LockPlaceText.Barrier(arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "exit")
            {
                Environment.Exit(0);
            }

            Console.WriteLine($"ok {await AnswerAsync(barrier, line)}");
        }

        return 0;
    }

    private static async Task<string> AnswerAsync(NamedBarrier barrier, string line)
    {
        try
        {
            return line switch
            {
                "wait" => $"{barrier.SignalAndWait()}",
                "async" => $"{await barrier.SignalAndWaitAsync()}",
                "try" => barrier.TrySignalAndWait(TimeSpan.Zero, out long phase) ? $"{phase}" : "no",
                _ => "?",
            };
        }
        catch (FairleadException error) when (error.Code == ErrorCode.BarrierBroken)
        {
            return $"broken {error.Peer?.ProcessId}";
        }
    }
}
