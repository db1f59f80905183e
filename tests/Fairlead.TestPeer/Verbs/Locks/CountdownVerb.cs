using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>countdown PLACE COUNT</c>: opens a countdown, says <c>ready</c>, then obeys until its input ends: <c>wait</c>, <c>async</c>,
/// <c>signal</c>. Answers <c>ok</c>, or <c>ok zero</c>.
/// </summary>
internal static class CountdownVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedCountdown countdown = LockPlaceText.Countdown(arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string answer = "";
            switch (line)
            {
                case "wait":
                    countdown.Wait();
                    break;
                case "async":
                    await countdown.WaitAsync();
                    break;
                case "signal":
                    answer = countdown.Signal() ? "zero" : "";
                    break;
                default:
                    answer = "?";
                    break;
            }

            Console.WriteLine($"ok {answer}".TrimEnd());
        }

        return 0;
    }
}
