using System.IO.MemoryMappedFiles;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A shared mapping is seen by others, a private one is copied on write.</summary>
internal sealed class MappedFiles : Experiment
{
    private const int Size = 4096;

    public override string Name => "mapped-files";

    public override string Question => "Two processes map a file: who sees what the other writes?";

    public override string Watch =>
        "A write to a shared mapping is seen by the other process and in the file. One to a private mapping is not.";

    public override IReadOnlyList<Role> Roles => [new("writer", Write), new("reader", Read)];

    public override async Task PlayAsync(Director director)
    {
        string path = Path.Combine(director.Folder, "map");
        await File.WriteAllBytesAsync(path, new byte[Size]);
        ActorProcess reader = director.Start("reader");
        await reader.ReachesAsync("mapped");
        ActorProcess writer = director.Start("writer");
        await writer.ReachesAsync("written");
        reader.Go("mapped");
        await reader.ReachesAsync("read");
        byte[] file = await File.ReadAllBytesAsync(path);
        writer.Go("written");
        await writer.FinishesAsync();
        await reader.FinishesAsync();
        director.Claim(
            "A write to a shared mapping is seen immediately.", reader.Number("shared") == 1, $"the reader sees {reader.Number("shared")}");
        director.Claim(
            "A write to a private mapping stays in its process.",
            reader.Number("private") == 0 && writer.Number("own") == 2,
            $"the writer sees {writer.Number("own")}, the reader {reader.Number("private")}");
        director.Claim("The file has the shared write alone.", file[0] == 1 && file[1] == 0, $"bytes {file[0]} and {file[1]}");
    }

    private static MemoryMappedFile Map(Actor actor) =>
        MemoryMappedFile.CreateFromFile(
            new FileStream(Path.Combine(actor.Folder, "map"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite),
            null,
            Size,
            MemoryMappedFileAccess.ReadWrite,
            HandleInheritability.None,
            leaveOpen: false);

    private static void Write(Actor actor)
    {
        using MemoryMappedFile map = Map(actor);
        using MemoryMappedViewAccessor shared = map.CreateViewAccessor(0, Size, MemoryMappedFileAccess.ReadWrite);
        using MemoryMappedViewAccessor copied = map.CreateViewAccessor(0, Size, MemoryMappedFileAccess.CopyOnWrite);
        actor.Sends("writes 1 to byte 0 of the shared mapping", "shared");
        shared.Write(0, (byte)1);
        actor.Says("writes 2 to byte 1 of the private mapping");
        copied.Write(1, (byte)2);
        actor.Fact("own", copied.ReadByte(1));
        actor.Turn("written");
    }

    private static void Read(Actor actor)
    {
        using MemoryMappedFile map = Map(actor);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        actor.Says("has mapped the file");
        actor.Turn("mapped");
        actor.Receives($"reads {view.ReadByte(0)} in byte 0", "shared");
        actor.Says($"reads {view.ReadByte(1)} in byte 1");
        actor.Fact("shared", view.ReadByte(0));
        actor.Fact("private", view.ReadByte(1));
        actor.Reaches("read");
    }
}
