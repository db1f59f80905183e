namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Type 1: the sender does not wait for the receiver.</summary>
internal sealed class AsynchronousMessage : Experiment
{
    private const string Address = "unix://inbox";

    public override string Name => "asynchronous-message";

    public override string Question => "Type 1: does a sender wait for its receiver?";

    public override string Watch => "The receiver is stopped while the sender sends three messages and ends. They arrive all the same.";

    public override IReadOnlyList<Role> Roles => [new("receiver", Receive), new("sender", Send)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess receiver = director.Start("receiver");
        await receiver.ReachesAsync("bound");
        ActorProcess sender = director.Start("sender");
        await sender.ReachesAsync("connected");
        await receiver.StopAsync();
        sender.Go("connected");
        long sent = await sender.ReachesAsync("sent");
        receiver.Continue();
        long received = await receiver.ReachesAsync("received");
        sender.Go("sent");
        await sender.FinishesAsync();
        await receiver.FinishesAsync();
        director.Claim(
            "The sender had sent all three messages before the receiver read the first.",
            sent < received && receiver.Number("count") == 3,
            $"the sender was finished {Time(received - sent)} before the receiver; {receiver.Number("count")} messages arrived");
        director.Claim("They arrived in order.", receiver.Fact("order") == "one two three", receiver.Fact("order"));
    }

    private static string Time(long nanoseconds) => $"{nanoseconds / 1e6:0.0} ms";

    private static void Receive(Actor actor)
    {
        using Receiver receiver = Receiver.Bind(Address);
        actor.Says($"is bound to {Address}");
        actor.Reaches("bound");
        List<string> texts = [];
        while (texts.Count < 3)
        {
            using Message message = receiver.Receive();
            actor.Receives(message.Text);
            texts.Add(message.Text);
        }

        actor.Fact("count", texts.Count);
        actor.Fact("order", string.Join(' ', texts));
        actor.Reaches("received");
    }

    private static void Send(Actor actor)
    {
        using Sender sender = Sender.Connect(Address);
        actor.Turn("connected");
        foreach (string text in new[] { "one", "two", "three" })
        {
            actor.Sends(text);
            sender.Send(text);
        }

        actor.Says("is finished, and does something else");
        actor.Turn("sent");
    }
}
