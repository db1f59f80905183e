namespace Fairlead.Tests.Hostile;

/// <summary>An endpoint, and peers over raw sockets that break the protocol.</summary>
public abstract class HostileContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private protected static readonly EndpointOptions Patient = new()
    {
        HandshakeTimeout = TimeSpan.FromMinutes(5),
        MaxUnreadBytes = 10_000,
        MaxUnreadMessages = 100,
        MaxMessageBytes = 5_000,
    };

    private protected RawPeer Connect(MessagingEndpoint endpoint) => Track(new RawPeer(Transport.ConnectRaw(endpoint.Address)));

    private protected async Task StillServesAsync(Receiver receiver)
    {
        await using Sender sender = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        await sender.SendAsync("served"u8.ToArray());
        Assert.Equal("served", await TextBehindOthersAsync(receiver));
    }

    /// <summary>Returns the next message of a correct peer; messages that others sent before their breach are handed out too.</summary>
    private protected static async Task<string> TextBehindOthersAsync(Receiver receiver)
    {
        while (true)
        {
            using Message message = await receiver.ReceiveAsync();
            if (message.Length > 3 && message.Span[0] != 0)
            {
                return message.Text;
            }
        }
    }
}
