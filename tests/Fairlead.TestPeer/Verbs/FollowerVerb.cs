using System.Text;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>follower ADDRESS TOPICS FILE</c>: subscribes behind the message that the last line of a file names, and appends a line for each
/// further one: its position and its text. A process that is killed may leave a part of a line, if that crosses a page of the file: such a
/// part is removed.
/// </summary>
internal static class FollowerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using FileStream file = new(
            arguments[2], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        PublishedPosition? last = GoToEnd(file) is { } line ? PublishedPosition.Parse(line.Split(' ')[0]) : null;
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
        Console.WriteLine("ok");
        await foreach (var message in subscriber.ReceiveAllAsync())
        {
            file.Write(Encoding.UTF8.GetBytes($"{message.Position} {message.Text}\n"));
        }

        return 0;
    }

    /// <summary>Goes behind the last whole line of a file, and returns that line; null: there is none.</summary>
    private static string? GoToEnd(FileStream file)
    {
        byte[] all = new byte[file.Length];
        file.ReadExactly(all);
        int end = Array.LastIndexOf(all, (byte)'\n') + 1;
        file.SetLength(end);
        file.Position = end;
        return Encoding.UTF8.GetString(all, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
    }
}
