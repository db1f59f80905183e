using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <content>Either side is killed.</content>
public sealed partial class StoredPublisherTests
{
    [Fact]
    public async Task A_subscriber_that_is_killed_and_started_again_sees_every_message_once_and_in_order()
    {
        const int EachLife = 1000;
        int kills = TestSize.Of(8, full: 100);
        string file = $"{_directory.Path}/seen";
        Publisher publisher = Track(Bind());
        int all = kills * EachLife;
        using SemaphoreSlim due = new(0);
        Task publishing = Task.Run(async () =>
        {
            for (int i = 0; i < all; i++)
            {
                await due.WaitAsync();
                await publisher.PublishAsync(i % 2 == 0 ? "a.x" : "b", Bytes(i.ToString(CultureInfo.InvariantCulture)));
            }
        });
        Random random = RandomSeed.Printed(Output);
        long length = 0;
        for (int i = 0; i < kills; i++)
        {
            PeerProcess follower = Track(PeerProcess.Start("follower", _place.ToString(), "a.*,b", file));
            await follower.AnswerAsync();
            due.Release(EachLife);

            // A line has at least 20 bytes.
            long enough = length + random.Next(1, 20 * EachLife);
            await Until(() => new FileInfo(file).Length >= enough, "it has seen more");
            await follower.KillAsync();
            length = new FileInfo(file).Length;
        }

        await publishing;
        PeerProcess last = Track(PeerProcess.Start("follower", _place.ToString(), "a.*,b", file));
        await last.AnswerAsync();
        string tail = $" {all - 1}\n";
        await Until(() => File.ReadAllText(file).EndsWith(tail, StringComparison.Ordinal), "it has seen the last");
        string[] seen = [.. File.ReadLines(file).Select(static line => line.Split(' ')[1])];
        Output.WriteLine($"{kills} kills, {seen.Length} messages");
        Assert.Equal(Enumerable.Range(0, all).Select(static i => i.ToString(CultureInfo.InvariantCulture)), seen);
    }

    [Fact]
    public async Task The_messages_of_a_killed_publisher_are_stored_and_the_next_publisher_continues()
    {
        const int Each = 50;
        const int Kills = 3;
        Subscriber? subscriber = null;
        for (int kill = 0; kill < Kills; kill++)
        {
            PeerProcess publisher = Track(PeerProcess.Start("publisher", "bind", _place.ToString(), Store.ToString()));
            await publisher.AnswerAsync();
            subscriber ??= Track(await Subscriber.ConnectAsync(_place, "n", Returning));
            await publisher.AskAsync($"publish n {Each}");
            await publisher.KillAsync();
        }

        _ = Track(Bind());
        for (long number = 1; number <= Kills * Each; number++)
        {
            using Message message = await subscriber!.ReceiveAsync();
            Assert.Equal((number, (int)((number - 1) % Each)), (message.Position!.Value.Number, Payload.Check(message.Span).Number));
        }

        Assert.Equal(0, subscriber!.Missed);
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
