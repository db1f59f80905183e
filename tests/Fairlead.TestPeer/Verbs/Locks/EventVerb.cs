using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>event PLACE MODE</c>: opens an event, says <c>ready</c>, then obeys until its input ends: <c>wait</c>, <c>async</c>, <c>set</c>,
/// <c>reset</c>, <c>isset</c>. Answers <c>ok</c>, or <c>ok set</c>.
/// </summary>
internal static class EventVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedEvent signal = LockPlaceText.Event(arguments[0], Enum.Parse<EventResetMode>(arguments[1]));
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string answer = "";
            switch (line)
            {
                case "wait":
                    signal.Wait();
                    break;
                case "async":
                    await signal.WaitAsync();
                    break;
                case "set":
                    signal.Set();
                    break;
                case "reset":
                    signal.Reset();
                    break;
                case "isset":
                    answer = signal.IsSet ? "set" : "";
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
