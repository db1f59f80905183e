namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A subscriber that is too slow misses messages, and knows how many.</summary>
internal sealed class SlowSubscriber : Experiment
{
    private const string Address = "unix://ticks";
    private const int Count = 5_000;
    private const int Room = 64;

    public override string Name => "slow-subscriber";

    public override string Question => "Publish-subscribe: does a stopped subscriber hold up the others?";

    public override string Watch => "One subscriber is stopped. The other gets every message; the stopped one misses some.";

    public override IReadOnlyList<Role> Roles => [new("publisher", Publish), new("fast", Subscribe), new("stopped", Subscribe)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess publisher = director.Start("publisher");
        await publisher.ReachesAsync("bound");
        ActorProcess fast = director.Start("fast");
        ActorProcess slow = director.Start("stopped");
        await fast.ReachesAsync("subscribed");
        await slow.ReachesAsync("subscribed");
        await publisher.ReachesAsync("ready");
        await slow.StopAsync();
        publisher.Go("ready");
        await publisher.ReachesAsync("published");
        await fast.ReachesAsync("last");
        bool wasStopped = ProcState.Of(slow.Id) == 'T';
        slow.Continue();
        await slow.ReachesAsync("last");
        publisher.Go("published");
        await publisher.FinishesAsync();
        await fast.FinishesAsync();
        await slow.FinishesAsync();
        director.Claim(
            "The fast subscriber got every message while the other was stopped.",
            wasStopped && fast.Number("received") == Count,
            $"{fast.Number("received")} of {Count}");
        director.Claim(
            "The stopped one missed messages, and received and missed ones add up.",
            slow.Number("missed") > 0 && slow.Number("received") + slow.Number("missed") == Count,
            $"{slow.Number("received")} received + {slow.Number("missed")} missed = {slow.Number("received") + slow.Number("missed")}");
    }

    private static void Publish(Actor actor)
    {
        using Publisher publisher = Publisher.Bind(Address, new() { OverflowPolicy = OverflowPolicy.Wait, MaxUnreadMessages = Room });
        actor.Says($"is bound to {Address}, and queues {Room} messages for each subscriber");
        actor.Reaches("bound");
        publisher.WaitForSubscribers("tick", 2);
        actor.Turn("ready");
        actor.Sends($"{Count} ticks", "ticks");
        for (int i = 0; i < Count; i++)
        {
            publisher.Publish("tick", $"{i}");
        }

        publisher.Publish("end", "");
        actor.Turn("published");
    }

    private static void Subscribe(Actor actor)
    {
        bool isSlow = actor.Role == "stopped";
        using Subscriber subscriber = Subscriber.Connect(isSlow ? $"{Address}?full=drop-oldest&messages={Room}" : Address);
        actor.Says("is subscribed");
        actor.Reaches("subscribed");
        long received = 0;
        while (true)
        {
            using Message message = subscriber.Receive();
            if (message.Topic == "end")
            {
                break;
            }

            received++;
        }

        actor.Receives($"{received} ticks", "ticks");
        actor.Fact("received", received);
        actor.Fact("missed", subscriber.Missed);
        actor.Reaches("last");
    }
}
