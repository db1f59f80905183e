namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Type 2: the sender waits for the receipt.</summary>
internal sealed class SynchronousMessage : Experiment
{
    private const string Address = "unix://inbox";

    public override string Name => "synchronous-message";

    public override string Question => "Type 2: how does a sender know that its message was accepted?";

    public override string Watch => "The sender sleeps until the receiver, which was stopped, accepts the message.";

    public override IReadOnlyList<Role> Roles => [new("receiver", Receive), new("sender", Send)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess receiver = director.Start("receiver");
        await receiver.ReachesAsync("bound");
        ActorProcess sender = director.Start("sender");
        await sender.ReachesAsync("connected");
        await receiver.StopAsync();
        sender.Go("connected");
        await sender.ReachesAsync("sending");
        string place = await sender.SleepsAsync();
        bool hadReturned = sender.HasReached("delivered");
        receiver.Continue();
        long accepted = await receiver.ReachesAsync("accepted");
        long delivered = await sender.ReachesAsync("delivered");
        await sender.FinishesAsync();
        await receiver.FinishesAsync();
        director.Claim("The sender slept while the receiver was stopped.", !hadReturned, $"it slept in {place}");
        director.Claim(
            "It went on after the receiver had accepted the message.",
            delivered > accepted,
            $"{(delivered - accepted) / 1e3:0} µs after the acceptance");
        director.Claim("It knows the outcome.", sender.Fact("outcome") == "Delivered", sender.Fact("outcome"));
    }

    private static void Receive(Actor actor)
    {
        using Receiver receiver = Receiver.Bind(Address);
        actor.Says($"is bound to {Address}");
        actor.Reaches("bound");
        using Message message = receiver.Receive();
        actor.Receives(message.Text);
        actor.Says("accepts it");
        actor.Reaches("accepted");
        message.Accept();
    }

    private static void Send(Actor actor)
    {
        using Sender sender = Sender.Connect(Address);
        actor.Turn("connected");
        actor.Sends("three apples");
        actor.Reaches("sending");
        Delivery delivery;
        using (actor.Waits("for the receipt", "has the receipt"))
        {
            delivery = sender.Deliver("three apples");
        }

        actor.Fact("outcome", delivery.Status);
        actor.Reaches("delivered");
    }
}
