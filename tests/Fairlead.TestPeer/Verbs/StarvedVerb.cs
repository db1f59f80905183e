using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>starved ADDRESS [PID …]</c>: binds a sender, can open no file, and says which of the processes are ending. Then it can open one file
/// until it reads a line, and sends a message.
/// </summary>
internal static class StarvedVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        // The console opens its files when it is first asked for them.
        TextReader input = Console.In;
        TextWriter output = Console.Out;
        using Sender sender = Sender.Bind(arguments[0]);

        // Twice: the first time loads what it needs.
        _ = Endings(arguments[1..]);
        List<Descriptor> all = [];
        while (NativeSpawn.Duplicate(0, 0, out _) is { } filler)
        {
            all.Add(filler);
        }

        string endings = Endings(arguments[1..]);
        all[^1].Dispose();
        output.WriteLine($"ok {endings}".TrimEnd());
        input.ReadLine();
        all.ForEach(static filler => filler.Dispose());
        sender.Send("told"u8);
        return Task.FromResult(0);
    }

    private static string Endings(string[] processes) =>
        string.Join(' ', Array.ConvertAll(processes, static id => NativeProcess.IsEnding(int.Parse(id, CultureInfo.InvariantCulture))));
}
