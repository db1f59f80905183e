using System.Net;
using System.Net.Sockets;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>UDP loses datagrams that are not read in time, and cuts long ones.</summary>
internal sealed class Datagrams : Experiment
{
    private const int Count = 2000;
    private const int Size = 1000;

    public override string Name => "datagrams";

    public override string Question => "Does UDP tell a sender that a datagram was lost?";

    public override string Watch => "The receiver is stopped. Its buffer in the kernel fills, and the rest is lost without an error.";

    public override IReadOnlyList<Role> Roles => [new("receiver", Receive), new("sender", Send)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess receiver = director.Start("receiver");
        await receiver.ReachesAsync("bound");
        await File.WriteAllTextAsync(Path.Combine(director.Folder, "port"), receiver.Fact("port"));
        await receiver.StopAsync();
        ActorProcess sender = director.Start("sender");
        await sender.ReachesAsync("sent");
        await sender.FinishesAsync();
        receiver.Go("bound");
        receiver.Continue();
        await receiver.FinishesAsync();
        long got = receiver.Number("got");
        director.Claim(
            "No send failed, and the kernel dropped datagrams.",
            sender.Number("errors") == 0 && got < Count,
            $"{Count} sent without an error, {got} received, {Count - got} lost");
        director.Claim(
            "The received ones are the first, in order.", receiver.Fact("order") == "yes", $"in order: {receiver.Fact("order")}");
        director.Claim(
            "A datagram that is longer than the reader's buffer is cut.",
            receiver.Number("cut") == 10,
            $"a buffer of 10 bytes got {receiver.Number("cut")} of {Size}; the rest is gone");
    }

    private static void Receive(Actor actor)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 64 * 1024 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        actor.Says("is bound, with a small buffer in the kernel");
        actor.Fact("port", ((IPEndPoint)socket.LocalEndPoint!).Port);
        actor.Turn("bound");
        byte[] buffer = new byte[Size];

        // The first one into a small buffer: the kernel cuts it.
        int cut;
        try
        {
            cut = socket.Receive(buffer.AsSpan(0, 10));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
        {
            cut = 10;
        }

        actor.Fact("cut", cut);
        int got = 1;
        bool isInOrder = true;
        while (socket.Available > 0)
        {
            socket.Receive(buffer);
            isInOrder &= BitConverter.ToInt32(buffer) == got;
            got++;
        }

        actor.Receives($"{got} datagrams", "datagrams");
        actor.Fact("got", got);
        actor.Fact("order", isInOrder ? "yes" : "no");
    }

    private static void Send(Actor actor)
    {
        int port = int.Parse(File.ReadAllText(Path.Combine(actor.Folder, "port")), System.Globalization.CultureInfo.InvariantCulture);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, port);
        byte[] datagram = new byte[Size];
        int errors = 0;
        actor.Sends($"{Count} datagrams of {Size} bytes", "datagrams");
        for (int i = 0; i < Count; i++)
        {
            BitConverter.TryWriteBytes(datagram, i);
            errors += socket.Send(datagram) == Size ? 0 : 1;
        }

        actor.Says("has sent all, without an error");
        actor.Fact("errors", errors);
        actor.Reaches("sent");
    }
}
