using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>activated</c>: says <c>ok SOCKETS</c>, the sockets of a service manager, and then the variables and the open descriptor 3
/// that a child of it finds.
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
