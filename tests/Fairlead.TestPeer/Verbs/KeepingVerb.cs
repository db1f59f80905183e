using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Logs;
using Fairlead.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>keeping ADDRESS LOG POSITION</c>: binds a receiver, follows a log by a position, and says <c>ok CHILD</c>. The child has all open
/// sockets and files of both, as after a plain fork, and ends when its standard input ends.
/// </summary>
internal static class KeepingVerb
{
    private const int FirstOfChild = 500;

    public static async Task<int> RunAsync(string[] arguments)
    {
        await using Receiver receiver = await Receiver.BindAsync(arguments[0], Patience.Options);
        using MappedLog log = MappedLog.Open($"log://{arguments[1]}");
        using LogFollower follower = log.Follow(arguments[2]);
        Dictionary<int, SafeHandle> kept = [];
        foreach (string link in Directory.GetFiles("/proc/self/fd"))
        {
            string target = new FileInfo(link).LinkTarget ?? "";
            if (target.StartsWith("socket:", StringComparison.Ordinal)
                || target.Contains("/fairlead/", StringComparison.Ordinal)
                || target.StartsWith(arguments[1], StringComparison.Ordinal))
            {
                int number = int.Parse(Path.GetFileName(link), CultureInfo.InvariantCulture);
                kept.Add(FirstOfChild + number, new SafeFileHandle(number, ownsHandle: false));
            }
        }

        using ChildProcess child = ChildProcess.Start("cat", options: new() { Descriptors = kept, StandardOutput = Redirection.Null });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok {child.Id}"));
        await child.ExitAsync();
        return 0;
    }
}
