using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>mutex PLACE [recursive] [deadlock] [onebyone] [PLACE…]</c>: opens mutexes, says <c>ready</c>, then obeys until its input ends. The
/// first letter behind a command is the number of the mutex, 0 where there is none: <c>enter</c>, <c>try MILLISECONDS</c>, <c>async</c>,
/// <c>leave</c>, <c>mark</c>. Answers <c>ok</c>, <c>ok died</c> where an owner died inside, <c>ok no MESSAGE</c> where it was not entered.
/// </summary>
internal static class MutexVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        // As on a kernel before Linux 5.16.
        FutexSet.IsDenied = arguments.Contains("onebyone");
        try
        {
            return await OpenAndObeyAsync(arguments);
        }
        catch (FairleadException error)
        {
            Console.WriteLine($"error {error.Code} {error.Message}");
            return 1;
        }
    }

    private static async Task<int> OpenAndObeyAsync(string[] arguments)
    {
        NamedMutexOptions options = new() { Recursive = arguments.Contains("recursive"), DetectDeadlock = arguments.Contains("deadlock") };
        NamedMutex[] mutexes =
        [
            .. arguments
                .Where(static argument => argument.Contains(':', StringComparison.Ordinal))
                .Select(place => LockPlaceText.Mutex(place, options)),
        ];
        List<MutexScope>[] inside = [.. mutexes.Select(static _ => new List<MutexScope>())];
        Console.WriteLine("ready");

        // On the same thread all the time: a recursive mutex and a cycle of threads are about threads.
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            int which = words[0].Length > 0 && char.IsAsciiDigit(words[0][^1]) ? words[0][^1] - '0' : 0;
            Console.WriteLine($"ok {Obey(words, mutexes[which], inside[which])}".TrimEnd());
        }

        await Task.CompletedTask;
        return 0;
    }

    private static string Obey(string[] words, NamedMutex mutex, List<MutexScope> inside)
    {
        switch (words[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'))
        {
            case "enter":
                return Entered(() => mutex.Enter(), inside);
            case "try":
                return Entered(() => mutex.Enter(int.Parse(words[1], CultureInfo.InvariantCulture).Milliseconds()), inside);
            case "async":
                return Entered(() => mutex.EnterAsync().AsTask().GetAwaiter().GetResult(), inside);
            case "mark":
                inside[^1].MarkConsistent();
                return "";
            case "leave":
                inside[^1].Dispose();
                inside.RemoveAt(inside.Count - 1);
                return "";
            default:
                return "?";
        }
    }

    private static string Entered(Func<MutexScope> enter, List<MutexScope> inside)
    {
        try
        {
            inside.Add(enter());
            return inside[^1].OwnerDied ? "died" : "";
        }
        catch (FairleadException error)
        {
            return $"no {error.Code} {error.Message}";
        }
    }
}
