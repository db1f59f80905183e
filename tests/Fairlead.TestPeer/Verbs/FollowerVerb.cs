using System.Text;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>follower ADDRESS TOPICS FILE</c>: subscribes behind the message that the last line of a file names, and appends a line for each
/// further one: its position and its text. A line is one write, so it is there whole, or not at all.
/// </summary>
internal static class FollowerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        PublishedPosition? last = File.Exists(arguments[2]) && File.ReadLines(arguments[2]).LastOrDefault() is { } line
            ? PublishedPosition.Parse(line.Split(' ')[0])
            : null;
        await using var subscriber = await Subscriber.ConnectAsync(
            arguments[0],
            arguments[1],
            new SubscriberOptions
            {
                ResumeAfter = last,
                Replay = int.MaxValue,
                HandshakeTimeout = Patience.Time,
                ConnectTimeout = Patience.Time,
                ReconnectTimeout = Patience.Time,
            });
        await using FileStream file = new(arguments[2], FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Console.WriteLine("ok");
        await foreach (var message in subscriber.ReceiveAllAsync())
        {
            file.Write(Encoding.UTF8.GetBytes($"{message.Position} {message.Text}\n"));
        }

        return 0;
    }
}
