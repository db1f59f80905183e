using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>cleaner DIRECTORY</c>: clears away the one dead participant of a runtime directory while it can open only one file more. Then it
/// clears the socket file of that participant's entry away while it can open none. It says what the answer was each time.
/// </summary>
internal static class CleanerVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        var directory = RuntimeDirectory.At(arguments[0]);
        string[] entries = [.. DeadParticipants.EntryNames(directory)];
        string id = entries[0][..entries[0].IndexOf('-')];
        EndpointInfo dead = EndpointEntryReader.Read($"{directory.Path}/{EndpointEntry.Folder}/{entries[0]}", out _)!;
        List<Descriptor> all = [];
        while (NativeSpawn.Duplicate(0, 0, out _) is { } filler)
        {
            all.Add(filler);
        }

        bool isFileDone = DeadSocketFile.TryRemove(dead, directory);
        all[^1].Dispose();
        bool isDead = DeadParticipants.TryRemove(directory, id, entries);
        all.ForEach(static filler => filler.Dispose());
        Console.WriteLine($"ok {isFileDone} {isDead}");
        return Task.FromResult(0);
    }
}
