using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>activated</c>: says <c>ok SOCKETS</c>, what a service manager has given it, and then what a child of its own finds of that: the
/// variables, and what is open at 3.
/// </summary>
internal static class ActivatedVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        Console.WriteLine($"ok {string.Join(' ', Inherited.Sockets)}");
        await using ChildProcess child = ChildProcess.Start(
            "sh",
            ["-c", "echo ok ${LISTEN_FDS-none} ${LISTEN_PID-none} ${LISTEN_FDNAMES-none} $(readlink /proc/self/fd/3 || echo closed)"],
            new() { StandardOutput = Redirection.Pipe });
        using StreamReader output = new(child.StandardOutput);
        Console.Write(await output.ReadToEndAsync());
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
