using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A process that has ended stays as a zombie until its parent asks for its exit.</summary>
internal sealed class Zombie : Experiment
{
    public override string Name => "zombie";

    public override string Question => "What remains of a process that has ended?";

    public override string Watch => "The parent does not wait, so its ended child stays as a zombie (state Z). It goes with the parent.";

    public override async Task PlayAsync(Director director)
    {
        // The shell starts a child, and becomes a program that never waits for it. The child ends after that: the shell would wait.
        await using ChildProcess parent = ChildProcess.Start(
            "/bin/sh",
            ["-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 1000 3<&-"],
            new ChildProcessOptions { StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe, TiedToParent = true });
        director.Seen("parent", $"starts as pid {parent.Id}, and will not wait for its child", LabEventKind.Starts, parent.Id);
        using StreamReader reader = new(parent.StandardOutput);
        int child = int.Parse((await reader.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);
        director.Seen("child", $"is started by the parent as pid {child}", LabEventKind.Starts, child);
        await director.UntilAsync(() => ProcState.CommandOf(parent.Id) == "sleep", "the parent sleeps");
        await parent.StandardInput.DisposeAsync();
        director.Says("closes the input of the child, which ends");
        await director.UntilAsync(() => ProcState.Of(child) == 'Z', "the child is a zombie");
        director.Seen("child", "is a zombie (state Z): only its exit code is left");
        bool canBeKilled = true;
        Signals.Send(child, Signal.Kill);
        director.Report(LabEventKind.Signals, Signal.Kill.Name, "child");
        canBeKilled = ProcState.Of(child) != 'Z';
        director.Claim("The ended child is a zombie.", true, "state Z in /proc");
        director.Claim("Not even SIGKILL removes it: it has ended already.", !canBeKilled, "state Z after SIGKILL");
        director.Report(LabEventKind.Signals, Signal.Kill.Name, "parent");
        parent.Kill();
        ChildExit exit = await parent.ExitAsync();
        director.Seen("parent", exit.ToString(), LabEventKind.Ends, parent.Id);
        await director.UntilAsync(() => ProcState.Of(child) is null, "the zombie is gone");
        director.Seen("child", "is gone: its new parent has waited for it", LabEventKind.Ends, child);
        director.Claim("When its parent ends, a new parent waits for it, and it is gone.", true, $"/proc/{child} does not exist");
    }
}
