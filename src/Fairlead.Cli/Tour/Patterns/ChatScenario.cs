using System.Globalization;
using System.Text;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// A room of three clients, as <c>fairlead chat</c> has it: each says the whole input as lines of text, and hears the lines of both others.
/// No client is far ahead of the others, because a room sends clients away that read too slowly. The time is that from one client to
/// another.
/// </summary>
internal sealed class ChatScenario : TalkScenario
{
    // A line holds a message as base64, and a room keeps some of them for each client.
    private const int MostUnreadBytes = 16 * 1024 * 1024;

    private const int BytesOnTheirWay = 256 * 1024;

    public override string Name => "chat";

    public override string Title => $"chat, {Joiners} clients";

    public override int Joiners => 3;

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var hub = Hub.Bind(address, new() { OverflowPolicy = OverflowPolicy.DropNewest, HandshakeTimeout = IntroductionTime });
        ChatRoom room = new(new ChatRules(Joiners, IsStar: false), static _ => { });
        var serving = Task.Factory.StartNew(() => Serve(hub, room, stage), TaskCreationOptions.LongRunning);
        await stage.ReadyAsync(hub);
        await serving;
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var pair = await Pair.ConnectAsync(address, Patient with { MaxUnreadBytes = MostUnreadBytes });
        var greeting = ReceiveLine(pair, stage);
        if (!greeting.StartsWith("* you are client ", StringComparison.Ordinal))
        {
            throw new ToolException(ExitCode.Failure, $"the room did not greet its client, but said '{greeting}'");
        }

        Dictionary<string, Tally> others = [];
        try
        {
            await stage.ReadyAsync(pair);
            var buffer = Envelope.BufferFor(stage.Input);
            var ahead = Math.Clamp(BytesOnTheirWay / (Envelope.Size + stage.Input.Cut.Longest), 1, 32);
            for (var i = 0; i < stage.Messages; i++)
            {
                var line = Convert.ToBase64String(Envelope.Pack(stage.Input, i, buffer));
                pair.Send(Encoding.ASCII.GetBytes(line), cancellationToken: stage.Aborted);
                HearUntil(i + 1 - ahead);
            }

            HearUntil(stage.Messages);
            stage.HasSent();
            await Closing.CompleteAsync(pair);
            foreach (var tally in others.Values)
            {
                stage.Report(tally, Share.All);
            }
        }
        finally
        {
            foreach (var tally in others.Values)
            {
                tally.Dispose();
            }
        }

        void HearUntil(int messages)
        {
            while (messages > 0 && (others.Count < Joiners - 1 || others.Values.Any(tally => tally.Messages < messages)))
            {
                Hear(stage, ReceiveLine(pair, stage), others);
            }
        }
    }

    private static void Serve(Hub hub, ChatRoom room, Stage stage)
    {
        for (var left = 0; left < 3 && hub.NextEvent(null, stage.Aborted) is { } happened;)
        {
            switch (happened)
            {
                case HubEvent.Joined:
                    room.Join(hub, happened.Client, isSilent: false);
                    break;
                case HubEvent.Said said:
                    using (said.Message)
                    {
                        room.Hear(said.Client, ChatText.Of(said.Message.Span));
                        said.Message.Accept();
                    }

                    break;
                case HubEvent.Left gone:
                    room.Leave(gone.Client, gone.Reason);
                    left++;
                    break;
            }
        }
    }

    private static string ReceiveLine(Pair pair, Stage stage)
    {
        using var message = pair.Receive(null, stage.Aborted);
        var line = message.Text;
        message.Accept();
        return line;
    }

    /// <summary>Counts a line of another client, <c>2: TEXT</c>; the news of the room begin with an asterisk.</summary>
    private static void Hear(Stage stage, string line, Dictionary<string, Tally> others)
    {
        if (line.StartsWith('*'))
        {
            return;
        }

        var end = line.IndexOf(": ", StringComparison.Ordinal);
        if (end < 0 || !int.TryParse(line.AsSpan(0, end), CultureInfo.InvariantCulture, out _))
        {
            throw new ToolException(ExitCode.Failure, $"the room passed on '{line}'");
        }

        if (!others.TryGetValue(line[..end], out var tally))
        {
            others.Add(line[..end], tally = stage.NewTally());
        }

        if (tally.Add(Convert.FromBase64String(line[(end + 2)..])) is { } envelope)
        {
            stage.Measure(envelope.Age);
        }
    }
}
