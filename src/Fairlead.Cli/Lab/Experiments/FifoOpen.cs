using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Opening a FIFO waits for the other end.</summary>
internal sealed class FifoOpen : Experiment
{
    public override string Name => "fifo-open";

    public override string Question => "Can a program open a FIFO alone?";

    public override string Watch => "The writer sleeps in open(2) until a reader opens the FIFO, too.";

    public override IReadOnlyList<Role> Roles => [new("writer", Write), new("reader", Read)];

    public override async Task PlayAsync(Director director)
    {
        await using (ChildProcess making = ChildProcess.Start("mkfifo", [Path.Combine(director.Folder, "fifo")]))
        {
            director.Says("makes a FIFO with mkfifo");
            if (!(await making.ExitAsync()).IsSuccess)
            {
                throw new ToolException(ExitCode.Failure, "mkfifo failed; it is part of the coreutils");
            }
        }

        ActorProcess writer = director.Start("writer");
        await writer.ReachesAsync("opening");
        string place = await writer.SleepsAsync();
        bool hadOpened = writer.HasReached("open");
        ActorProcess reader = director.Start("reader");
        long asked = await reader.ReachesAsync("opening");
        long opened = await writer.ReachesAsync("open");
        await writer.FinishesAsync();
        await reader.FinishesAsync();
        director.Claim("The writer slept in open(2) while there was no reader.", !hadOpened, $"it slept in {place}");
        director.Claim(
            "Both were open together.",
            opened > asked,
            $"the writer's open ended {(opened - asked) / 1e6:0.00} ms after the reader's began");
        director.Claim("The text went through.", reader.Fact("text") == "hello", reader.Fact("text"));
    }

    private static void Write(Actor actor)
    {
        actor.Reaches("opening");
        FileStream fifo;
        using (actor.Waits("in open(2)", "has opened the FIFO"))
        {
            fifo = new FileStream(Path.Combine(actor.Folder, "fifo"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        }

        actor.Reaches("open");
        using (fifo)
        {
            actor.Sends("hello");
            fifo.Write("hello"u8);
        }
    }

    private static void Read(Actor actor)
    {
        actor.Says("opens the FIFO, too");
        actor.Reaches("opening");
        using FileStream fifo = new(Path.Combine(actor.Folder, "fifo"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        using StreamReader reader = new(fifo);
        string text = reader.ReadToEnd();
        actor.Receives(text);
        actor.Fact("text", text);
    }
}
