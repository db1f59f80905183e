using System.Net.Sockets;
using Fairlead.Framing;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>Servers that complete each handshake and then close: their clients come back, but not in a hot loop.</summary>
public abstract class HostileServerTests(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>How long the server counts. A client in a hot loop connects a thousand times in it.</summary>
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_client_whose_connections_end_immediately_pauses_between_attempts()
    {
        (Socket listener, Address address) = Transport.ListenRaw();
        using Socket open = listener;
        Task<Sender> connecting = Sender.ConnectAsync(address.With("reconnect", "10m")).AsTask();
        await ServeAsync(listener);
        Sender sender = Track(await connecting);
        using CancellationTokenSource enough = new(Span);
        int count = 0;
        try
        {
            while (true)
            {
                await ServeAsync(listener, enough.Token);
                count++;
            }
        }
        catch (OperationCanceledException)
        {
            Output.WriteLine($"{count} connections");
        }

        // Pauses of 5 to 15 ms, twice that, and so on to 125 ms and more: at most 30 in 3 seconds. A busy machine makes fewer.
        Assert.InRange(count, 1, 30);
        Assert.False(sender.Core.Presence.HasEnded);
    }

    /// <summary>Accepts one connection, answers its introduction, and closes.</summary>
    private static async Task ServeAsync(Socket listener, CancellationToken cancellationToken = default)
    {
        using RawPeer peer = new(await listener.AcceptAsync(cancellationToken));
        Assert.Equal(MessageKind.Hello, (await peer.ReadAsync())!.Value.Header.Kind);
        byte[] body = new Handshake
        {
            Pattern = PatternKind.Receiver,
            Lowest = 1,
            Highest = 1,
            Messages = 100,
            Capacity = 100_000,
            LongestMessage = 100_000,
            Text = "flapping",
        }.Encode();
        await peer.SendAsync(
            RawPeer.Frame(MessageKind.Welcome, body, Handshake.MagicHigh, Handshake.MagicLow),
            RawPeer.Frame(MessageKind.Close, [(byte)CloseReason.ClosedByPeer], flags: MessageFlags.Final));
        _ = await peer.ReadToEndAsync();
    }
}
