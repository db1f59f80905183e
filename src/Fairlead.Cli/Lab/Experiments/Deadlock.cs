using Fairlead.Synchronization;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Each of two processes has one lock and wants the other.</summary>
internal sealed class Deadlock : Experiment
{
    public override string Name => "deadlock";

    public override string Question => "Two processes wait for each other: who finds that out?";

    public override string Watch =>
        "Each is inside one mutex and wants the other. The lock that closes the circle reports it, and names both processes.";

    public override IReadOnlyList<Role> Roles => [new("left", Cross), new("right", Cross)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess left = director.Start("left");
        ActorProcess right = director.Start("right");
        await left.ReachesAsync("inside");
        await right.ReachesAsync("inside");
        await left.PassAsync("inside");
        await left.ReachesAsync("waiting");
        string place = await left.SleepsAsync();
        bool wasOutside = !left.HasReached("both");

        // The second one closes the circle.
        await right.PassAsync("inside");
        await right.ReachesAsync("refused");
        await right.FinishesAsync();
        await left.ReachesAsync("both");
        await left.FinishesAsync();
        director.Claim("The first one slept: it waits for the second.", wasOutside, $"it slept in {place}");
        director.Claim(
            "The second one would have closed the circle, and got an error instead.",
            right.Fact("code") == nameof(ErrorCode.Deadlock),
            right.Fact("error"));
        director.Claim(
            "When it had left its own mutex, the first one entered.", left.Fact("code") == "none", "the first one was inside both");
    }

    private static void Cross(Actor actor)
    {
        bool isLeft = actor.Role == "left";
        using NamedMutex own = NamedMutex.Open(isLeft ? "fork-1" : "fork-2", new() { DetectDeadlock = true });
        using NamedMutex other = NamedMutex.Open(isLeft ? "fork-2" : "fork-1", new() { DetectDeadlock = true });
        using (own.Enter())
        {
            actor.Says($"is inside {(isLeft ? "fork-1" : "fork-2")}");
            actor.Turn("inside");
            actor.Reaches("waiting");
            try
            {
                MutexScope scope;
                using (actor.Waits($"for {(isLeft ? "fork-2" : "fork-1")}", isLeft ? "is inside both" : "gets an error"))
                {
                    scope = other.Enter();
                }

                using (scope)
                {
                    actor.Fact("code", "none");
                    actor.Fact("error", "none");
                    actor.Reaches("both");
                }
            }
            catch (FairleadException exception)
            {
                actor.Says($"is refused: {exception.Code}");
                actor.Fact("code", exception.Code);
                actor.Fact("error", exception.Message);
                actor.Reaches("refused");
            }

            actor.Says($"leaves {(isLeft ? "fork-1" : "fork-2")}");
        }
    }
}
