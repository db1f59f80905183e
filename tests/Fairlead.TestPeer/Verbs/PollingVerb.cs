using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>Wakes up again and again, and does nothing: <c>polling MILLISECONDS</c>.</summary>
internal static class PollingVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        using ManualResetEventSlim never = new();
        Console.WriteLine("ok");
        while (!never.Wait(pause))
        {
            // Until it is killed.
        }

        return Task.FromResult(0);
    }
}
