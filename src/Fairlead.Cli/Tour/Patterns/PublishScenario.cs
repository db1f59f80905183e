using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// One publisher and three subscribers, which ask for everything, for one word of the topic, and for another. The time is that from
/// publishing to arrival.
/// </summary>
internal sealed class PublishScenario : TalkScenario
{
    private const int MessagesOfRound = 1000;
    private const int BytesOfRound = 256 * 1024;
    private const string RoundTopic = "round";

    private static readonly (string Topics, Share Share)[] Wishes =
    [
        (">", Share.All),
        ($"tour.1.*,{RoundTopic}", new Share(1, 3)),
        ($"tour.*.even,{RoundTopic}", new Share(0, 2)),
    ];

    public override string Name => "publish";

    public override string Title => $"publish, {Joiners} subscribers";

    public override int Joiners => Wishes.Length;

    public override bool BinderSends => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var publisher = Publisher.Bind(address, new() { HandshakeTimeout = IntroductionTime });
        await stage.ReadyAsync(publisher);
        var buffer = Envelope.BufferFor(stage.Input);
        var (messages, bytes, round) = (0, 0, 0);
        for (var i = 0; i < stage.Messages; i++)
        {
            var message = Envelope.Pack(stage.Input, i, buffer);
            Publish(TopicOf(i), message, Wishes.Count(wish => wish.Share.Contains(i)));
            if (++messages == MessagesOfRound || (bytes += message.Length) >= BytesOfRound)
            {
                await EndRoundAsync();
            }
        }

        await EndRoundAsync();
        stage.HasSent();
        await Closing.CompleteAsync(publisher);

        // Publishing never waits, and drops what a subscriber has no space for. To avoid that, it goes in rounds, and waits until each
        // subscriber has read one.
        async Task EndRoundAsync()
        {
            (messages, bytes) = (0, 0);
            Publish(RoundTopic, Encoding.UTF8.GetBytes((++round).ToString(CultureInfo.InvariantCulture)), Joiners);
            for (var heard = 0; heard < Joiners; heard++)
            {
                await stage.ToldAsync();
            }
        }

        void Publish(string topic, ReadOnlySpan<byte> message, int wanted)
        {
            if (publisher.Publish(topic, message) is var reached && reached != wanted)
            {
                throw new ToolException(ExitCode.Failure, $"a message on {topic} went to {reached} of {wanted} subscribers");
            }
        }
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        var (topics, share) = Wishes[seat - 1];

        // Messages are acknowledged at the latest when a quarter of the capacity has been read: a round and that quarter must fit.
        var capacity = 2 * (BytesOfRound + Envelope.Size + stage.Input.Cut.Longest);
        await using var subscriber = await Subscriber.ConnectAsync(
            address, topics, Patient with { MaxUnreadBytes = Math.Max(capacity, 1024 * 1024) });
        using var tally = stage.NewTally();
        await stage.ReadyAsync(subscriber);
        Arrivals.Take(stage, subscriber.Receive, subscriber.TryReceive, message =>
        {
            if (message.Missed > 0)
            {
                throw new ToolException(ExitCode.Failure, $"subscriber {seat} missed {message.Missed} messages");
            }

            if (message.Topic == RoundTopic)
            {
                stage.Tell(message.Text);
            }
            else
            {
                Arrivals.Count(stage, tally, message);
            }
        });
        stage.Report(tally, share);
    }

    private static string TopicOf(int index) => $"tour.{index % 3}.{(index % 2 == 0 ? "even" : "odd")}";
}
