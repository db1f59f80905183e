using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A pipe without a reader: SIGPIPE, or EPIPE where it is ignored.</summary>
internal sealed class BrokenPipe : Experiment
{
    private const int BrokenPipeError = 32;

    public override string Name => "broken-pipe";

    public override string Question => "What happens to a writer when its reader ends?";

    public override string Watch => "SIGPIPE kills an ordinary program. A program that ignores the signal gets the error EPIPE.";

    public override IReadOnlyList<Role> Roles => [new("reader", Read), new("writer", Write)];

    public override async Task PlayAsync(Director director)
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        ActorProcess reader = director.Start("reader", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Reader });
        ActorProcess writer = director.Start("writer", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Writer });
        pipe.Dispose();
        await reader.ReachesAsync("read");
        await reader.KillAsync();
        await writer.PassAsync("written");
        await writer.ReachesAsync("failed");
        await writer.FinishesAsync();
        director.Claim(
            "A writer that ignores SIGPIPE gets the error EPIPE, and lives.",
            writer.Number("errno") == BrokenPipeError,
            $"errno {writer.Number("errno")}: {writer.Fact("error")}");

        // The same with a program that leaves SIGPIPE as it is.
        using AnonymousPipe second = AnonymousPipe.Create();
        await using ChildProcess ordinary = ChildProcess.Start(
            "/bin/sh",
            ["-c", "exec yes"],
            new()
            {
                StandardOutput = Redirection.To(second.Writer),
                DefaultSignals = [Signal.Pipe],
                TiedToParent = true,
            });
        director.Seen("yes", $"starts as pid {ordinary.Id}, and writes without end", LabEventKind.Starts, ordinary.Id);
        second.Dispose();
        director.Says("closes the only reading end");
        ChildExit exit = await ordinary.ExitAsync();
        director.Seen("yes", exit.ToString(), LabEventKind.Ends, ordinary.Id);
        director.Claim(
            "SIGPIPE ends a program that does not ignore it.",
            exit is ChildExit.Killed killed && killed.Signal == Signal.Pipe,
            exit.ToString());
    }

    private static void Read(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Read);
        byte[] buffer = new byte[16];
        int read = pipe.Read(buffer);
        actor.Receives(System.Text.Encoding.ASCII.GetString(buffer, 0, read));
        actor.Turn("read");
    }

    private static void Write(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Write);
        actor.Sends("hello");
        pipe.Write("hello"u8);
        actor.Turn("written");
        try
        {
            actor.Says("writes again");
            pipe.Write("again"u8);
            actor.Fact("errno", 0);
            actor.Fact("error", "none");
        }
        catch (IOException exception)
        {
            actor.Says($"gets an error: {exception.Message}");
            actor.Fact("errno", exception.HResult & 0xFFFF);
            actor.Fact("error", exception.Message);
        }

        actor.Reaches("failed");
    }
}
