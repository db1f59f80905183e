using Fairlead.Native;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>starved ADDRESS</c>: binds a sender, and can open only one file more until it reads a line. Then it sends a message.
/// </summary>
internal static class StarvedVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        // The console opens its files when it is first asked for them.
        TextReader input = Console.In;
        TextWriter output = Console.Out;
        using Sender sender = Sender.Bind(arguments[0]);
        List<Descriptor> all = [];
        while (NativeSpawn.Duplicate(0, 0, out _) is { } filler)
        {
            all.Add(filler);
        }

        all[^1].Dispose();
        output.WriteLine("ok");
        input.ReadLine();
        all.ForEach(static filler => filler.Dispose());
        sender.Send("told"u8);
        return Task.FromResult(0);
    }
}
