using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A process whose parent ends gets another parent.</summary>
internal sealed class Orphan : Experiment
{
    public override string Name => "orphan";

    public override string Question => "Does a child end with its parent?";

    public override string Watch => "The parent is killed. The child lives on, with another parent.";

    public override async Task PlayAsync(Director director)
    {
        await using ChildProcess parent = ChildProcess.Start(
            "/bin/sh",
            ["-c", "sleep 1000 > /dev/null & echo $!; wait"],
            new ChildProcessOptions { StandardOutput = Redirection.Pipe, TiedToParent = true });
        director.Seen("parent", $"starts as pid {parent.Id}", LabEventKind.Starts, parent.Id);
        using StreamReader reader = new(parent.StandardOutput);
        int child = int.Parse((await reader.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);
        director.EndsWithLab(child);
        director.Seen("child", $"is started by the parent as pid {child}", LabEventKind.Starts, child);
        int? before = ProcState.ParentOf(child);
        director.Report(LabEventKind.Signals, Signal.Kill.Name, "parent");
        parent.Kill();
        ChildExit exit = await parent.ExitAsync();
        director.Seen("parent", exit.ToString(), LabEventKind.Ends, parent.Id);
        await director.UntilAsync(() => ProcState.ParentOf(child) != parent.Id, "the child has another parent");
        int? after = ProcState.ParentOf(child);
        director.Seen("child", $"lives on; its parent is pid {after} now");
        director.Claim("The child lives on.", ProcState.Of(child) is 'S' or 'R' or 'I', $"state {ProcState.Of(child)}");
        director.Claim(
            "It has another parent: init, or a subreaper.",
            before == parent.Id && after is not null && after != parent.Id,
            $"its parent was {before}, and is {after}");
        director.Report(LabEventKind.Signals, Signal.Kill.Name, "child");
        Signals.Send(child, Signal.Kill);
        await director.UntilAsync(() => ProcState.Of(child) is null or 'Z', "the child has ended");
        director.Seen("child", "was killed", LabEventKind.Ends, child);
    }
}
