namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Credit bounds the queue of a receiver that does not read.</summary>
internal sealed class StoppedReceiver : Experiment
{
    private const string Address = "unix://inbox";
    private const int Room = 16;

    public override string Name => "stopped-receiver";

    public override string Question => "What does SIGSTOP of a receiver do to the queue before it?";

    public override string Watch => "The queue fills to its limit, and the sender learns that. After SIGCONT every message arrives.";

    public override IReadOnlyList<Role> Roles => [new("receiver", Receive), new("sender", Send)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess receiver = director.Start("receiver");
        await receiver.ReachesAsync("bound");
        ActorProcess sender = director.Start("sender");
        await sender.ReachesAsync("connected");
        await receiver.StopAsync();
        sender.Go("connected");
        await sender.ReachesAsync("full");
        long before = sender.Number("before");
        receiver.Continue();
        await sender.FinishesAsync();
        await receiver.FinishesAsync();
        long sent = sender.Number("sent");
        director.Claim(
            "The queue is bounded: the sender is told that it is full.",
            before is > 0 and < 10 * Room,
            $"full after {before} messages; the receiver keeps {Room} unread at most");
        director.Claim(
            "Nothing is lost.", receiver.Number("received") == sent, $"{sent} sent, {receiver.Number("received")} received");
        director.Claim("The order is kept.", receiver.Fact("order") == "yes", $"in order: {receiver.Fact("order")}");
    }

    private static void Receive(Actor actor)
    {
        using Receiver receiver = Receiver.Bind(Address, new() { MaxUnreadMessages = Room });
        actor.Says($"is bound, and keeps at most {Room} unread messages");
        actor.Reaches("bound");
        int received = 0;
        bool isInOrder = true;
        while (true)
        {
            using Message message = receiver.Receive();
            if (message.Text == "end")
            {
                break;
            }

            isInOrder &= message.Text == $"{received}";
            received++;
        }

        actor.Receives($"{received} messages", "messages");
        actor.Fact("received", received);
        actor.Fact("order", isInOrder ? "yes" : "no");
    }

    private static void Send(Actor actor)
    {
        using Sender sender = Sender.Connect(Address);
        actor.Turn("connected");
        int sent = 0;
        actor.Sends("messages until the queue is full", "messages");
        while (sender.TrySend($"{sent}") == SendResult.Sent)
        {
            sent++;
        }

        actor.Says($"the queue is full after {sent} messages");
        actor.Fact("before", sent);
        actor.Reaches("full");
        using (actor.Waits("for room, with one more message", "has room"))
        {
            sender.Send($"{sent}");
        }

        sent++;
        sender.Send("end");
        actor.Fact("sent", sent);
        sender.Close();
    }
}
