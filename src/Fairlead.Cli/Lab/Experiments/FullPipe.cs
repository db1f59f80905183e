using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A pipe holds 64 KiB. Then its writer sleeps.</summary>
internal sealed class FullPipe : Experiment
{
    private const int Block = 4096;
    private const int Blocks = 32;

    public override string Name => "full-pipe";

    public override string Question => "What happens to a writer when its pipe is full?";

    public override string Watch => "The writer sleeps in write(2) until the reader makes room, and nothing is lost.";

    public override IReadOnlyList<Role> Roles => [new("writer", Write), new("reader", Read)];

    public override async Task PlayAsync(Director director)
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        ActorProcess reader = director.Start("reader", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Reader });
        await reader.ReachesAsync("ready");
        ActorProcess writer = director.Start("writer", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Writer });
        pipe.Dispose();
        await writer.PassAsync("ready");

        // It is asleep in the pipe's write, and not before the first: one block is certainly written, and not all can be.
        await writer.ReachesAsync("first");
        string place = await writer.SleepsAsync();
        bool hadFinished = writer.HasReached("all");
        long held = writer.Number("written");
        director.Says($"the pipe holds {held} bytes");
        reader.Go("ready");
        await writer.FinishesAsync();
        await reader.FinishesAsync();
        director.Claim(
            "The writer slept before it had written all: a pipe holds only a part.",
            !hadFinished,
            $"it slept in {place}; the pipe took {held} of {Block * Blocks} bytes");
        director.Claim(
            "The reader got every byte.", reader.Number("bytes") == Block * Blocks, $"{reader.Number("bytes")} of {Block * Blocks} bytes");
    }

    private static void Write(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Write);
        byte[] block = new byte[Block];
        actor.Turn("ready");
        actor.Says($"writes {Blocks} blocks of {Block} bytes");
        using (actor.Waits("while the pipe is full", "has written all"))
        {
            for (int i = 0; i < Blocks; i++)
            {
                pipe.Write(block);
                actor.Fact("written", (i + 1) * Block);
                if (i == 0)
                {
                    actor.Reaches("first");
                }
            }
        }

        actor.Reaches("all");
    }

    private static void Read(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Read);
        actor.Turn("ready");
        actor.Says("begins to read");
        byte[] buffer = new byte[Block];
        long bytes = 0;
        for (int read; (read = pipe.Read(buffer)) > 0; bytes += read)
        {
        }

        actor.Says($"has read {bytes} bytes, and then the end");
        actor.Fact("bytes", bytes);
    }
}
