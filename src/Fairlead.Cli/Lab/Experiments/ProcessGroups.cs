using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A signal to a process group reaches each of its processes.</summary>
internal sealed class ProcessGroups : Experiment
{
    public override string Name => "process-groups";

    public override string Question => "How does Ctrl-C end a whole pipeline, and not the shell?";

    public override string Watch => "One signal to a process group ends all of its processes. A process outside lives on.";

    public override IReadOnlyList<Role> Roles => [new("member", Wait), new("outsider", Wait)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess first = director.Start("member", "member 1", group: ProcessGroup.New);
        ActorProcess[] members =
        [
            first,
            director.Start("member", "member 2", group: ProcessGroup.Join(first.Id)),
            director.Start("member", "member 3", group: ProcessGroup.Join(first.Id)),
        ];
        ActorProcess outsider = director.Start("outsider");
        foreach (ActorProcess each in members.Append(outsider))
        {
            await each.ReachesAsync("ready");
        }

        director.Report(LabEventKind.Says, $"sends KILL to group {first.Id}");
        Signals.SendToGroup(first.Id, Signal.Kill);
        List<string> ends = [];
        foreach (ActorProcess member in members)
        {
            ends.Add((await member.EndsAsync()).ToString());
        }

        bool lives = ProcState.Of(outsider.Id) is not (null or 'Z');
        outsider.Go("ready");
        await outsider.FinishesAsync();
        director.Claim(
            "Each process of the group has ended.",
            ends.TrueForAll(static end => end.StartsWith("killed", StringComparison.Ordinal)),
            string.Join(", ", ends));
        director.Claim("The process outside lives on.", lives, lives ? "it ended later, by itself" : "it has ended, too");
    }

    private static void Wait(Actor actor)
    {
        actor.Says(actor.Role == "member" ? "is in the group" : "is in another group");
        actor.Turn("ready");
    }
}
