using Fairlead.Registry;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>participant DIRECTORY ADDRESS</c>: publishes a bound receiver in a runtime directory, says <c>ready ID</c>, and withdraws it when its
/// input ends.
/// </summary>
internal static class ParticipantVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var directory = RuntimeDirectory.At(arguments[0]);
        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, arguments[1], directory: directory);
        if (entry.WhyUnpublished is { } why)
        {
            await Console.Error.WriteLineAsync(why.Message);
            return 1;
        }

        entry.Counters.AddReceived(100);
        Console.WriteLine($"ready {Participant.Current(directory).Id}");
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
