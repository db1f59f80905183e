using System.Net.Sockets;
using System.Text;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>A stream has no boundaries; packets have.</summary>
internal sealed class MessageBoundaries : Experiment
{
    public override string Name => "message-boundaries";

    public override string Question => "Two writes: are they two messages?";

    public override string Watch => "A stream socket joins both writes into one read. A packet socket keeps them apart.";

    public override IReadOnlyList<Role> Roles => [new("reader", Read), new("writer", Write)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess reader = director.Start("reader");
        await reader.ReachesAsync("bound");
        ActorProcess writer = director.Start("writer");
        await writer.ReachesAsync("written");
        reader.Go("bound");
        await reader.ReachesAsync("read");
        writer.Go("written");
        await writer.FinishesAsync();
        await reader.FinishesAsync();
        director.Claim("A stream joins the writes.", reader.Fact("stream") == "one,two,", $"one read: \"{reader.Fact("stream")}\"");
        director.Claim(
            "Packets stay apart.", reader.Fact("packets") == "one, | two,", $"two reads: \"{reader.Fact("packets")}\"");
    }

    private static UnixDomainSocketEndPoint Place(Actor actor, SocketType type) => new(Path.Combine(actor.Folder, $"{type}"));

    private static void Read(Actor actor)
    {
        using Socket streams = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using Socket packets = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        streams.Bind(Place(actor, SocketType.Stream));
        packets.Bind(Place(actor, SocketType.Seqpacket));
        streams.Listen();
        packets.Listen();
        actor.Says("listens at a stream socket and at a packet socket");
        actor.Turn("bound");
        byte[] buffer = new byte[64];
        using (Socket stream = streams.Accept())
        {
            string joined = Take(stream, buffer);
            actor.Receives($"one read of the stream: \"{joined}\"", LinkOf(SocketType.Stream, "one,"));
            actor.Receives("the same read has the second write, too", LinkOf(SocketType.Stream, "two,"));
            actor.Fact("stream", joined);
        }

        using (Socket packet = packets.Accept())
        {
            string first = Take(packet, buffer);
            actor.Receives($"first packet: \"{first}\"", LinkOf(SocketType.Seqpacket, "one,"));
            string second = Take(packet, buffer);
            actor.Receives($"second packet: \"{second}\"", LinkOf(SocketType.Seqpacket, "two,"));
            actor.Fact("packets", $"{first} | {second}");
        }

        actor.Reaches("read");
    }

    private static string LinkOf(SocketType type, string text) => $"{type} {text}";

    private static string Take(Socket socket, byte[] buffer) => Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));

    private static void Write(Actor actor)
    {
        using Socket stream = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using Socket packet = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        stream.Connect(Place(actor, SocketType.Stream));
        packet.Connect(Place(actor, SocketType.Seqpacket));
        foreach (Socket socket in new[] { stream, packet })
        {
            foreach (string text in new[] { "one,", "two," })
            {
                actor.Sends($"writes \"{text}\" to the {(socket == stream ? "stream" : "packet socket")}", LinkOf(socket.SocketType, text));
                socket.Send(Encoding.ASCII.GetBytes(text));
            }
        }

        actor.Turn("written");
    }
}
