using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>The bytes of a number have an order, on which both ends must agree.</summary>
internal sealed class ByteOrder : Experiment
{
    private const int Number = 1;

    public override string Name => "byte-order";

    public override string Question => "A number is sent as it lies in memory: which number arrives?";

    public override string Watch => "The reader takes the bytes in network order. The number is right only if the writer has sent them so.";

    public override IReadOnlyList<Role> Roles => [new("writer", Write), new("reader", Read)];

    public override async Task PlayAsync(Director director)
    {
        using AnonymousPipe pipe = AnonymousPipe.Create();
        ActorProcess reader = director.Start("reader", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Reader });
        ActorProcess writer = director.Start("writer", descriptors: new Dictionary<int, SafeHandle> { [3] = pipe.Writer });
        pipe.Dispose();
        await writer.FinishesAsync();
        await reader.FinishesAsync();
        int wrong = BitConverter.IsLittleEndian ? IPAddress.HostToNetworkOrder(Number) : Number;
        director.Claim(
            "Sent as it lies in memory, another number arrives (on a little-endian machine).",
            reader.Number("as it lies") == wrong,
            $"{Number} was sent as {writer.Fact("as it lies")}, and read as {reader.Number("as it lies")}");
        director.Claim(
            "Sent in network order, it arrives as it was.",
            reader.Number("network") == Number,
            $"{Number} was sent as {writer.Fact("network")}, and read as {reader.Number("network")}");
    }

    private static void Write(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Write);
        byte[] bytes = new byte[sizeof(int)];
        BitConverter.TryWriteBytes(bytes, Number);
        actor.Fact("as it lies", Convert.ToHexString(bytes));
        actor.Sends($"{Number} as it lies: {Convert.ToHexString(bytes)}", "as it lies");
        pipe.Write(bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes, Number);
        actor.Fact("network", Convert.ToHexString(bytes));
        actor.Sends($"{Number} in network order: {Convert.ToHexString(bytes)}", "network");
        pipe.Write(bytes);
    }

    private static void Read(Actor actor)
    {
        using FileStream pipe = Actor.Descriptor(3, FileAccess.Read);
        byte[] bytes = new byte[sizeof(int)];
        foreach (string what in new[] { "as it lies", "network" })
        {
            pipe.ReadExactly(bytes);
            int number = BinaryPrimitives.ReadInt32BigEndian(bytes);
            actor.Receives($"reads {number}", what);
            actor.Fact(what, number);
        }
    }
}
