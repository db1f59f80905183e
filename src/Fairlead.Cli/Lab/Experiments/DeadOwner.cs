using Fairlead.Synchronization;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>The owner of a mutex is killed inside: the next one enters, and learns it.</summary>
internal sealed class DeadOwner : Experiment
{
    public override string Name => "dead-owner";

    public override string Question => "The owner of a lock is killed inside: do the others wait without end?";

    public override string Watch =>
        "The waiter sleeps while the owner lives. When the owner is killed, the waiter enters, and is told of the death.";

    public override IReadOnlyList<Role> Roles => [new("owner", Own), new("waiter", Wait)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess owner = director.Start("owner");
        await owner.ReachesAsync("inside");
        ActorProcess waiter = director.Start("waiter");
        await waiter.ReachesAsync("waiting");
        string place = await waiter.SleepsAsync();
        bool wasOutside = !waiter.HasReached("entered");
        await owner.KillAsync();
        await waiter.ReachesAsync("entered");
        await waiter.FinishesAsync();
        director.Claim("The waiter slept while the owner was inside.", wasOutside, $"it slept in {place}");
        director.Claim(
            "After the owner's death it entered, and was told.", waiter.Fact("died") == "True", $"OwnerDied: {waiter.Fact("died")}");
    }

    private static void Own(Actor actor)
    {
        using NamedMutex mutex = NamedMutex.Open("account");
        using (mutex.Enter())
        {
            actor.Says("is inside the mutex");
            actor.Turn("inside");
        }
    }

    private static void Wait(Actor actor)
    {
        using NamedMutex mutex = NamedMutex.Open("account");
        actor.Reaches("waiting");
        MutexScope scope;
        using (actor.Waits("for the mutex", "is inside"))
        {
            scope = mutex.Enter();
        }

        using (scope)
        {
            actor.Says(scope.OwnerDied ? "learns that the last owner died inside" : "learns nothing of a death");
            actor.Fact("died", scope.OwnerDied);
        }

        actor.Reaches("entered");
    }
}
