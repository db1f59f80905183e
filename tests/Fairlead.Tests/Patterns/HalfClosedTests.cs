using System.Net;
using System.Net.Sockets;

namespace Fairlead.Tests.Patterns;

/// <summary>Programs without Fairlead that close their sending side, as <c>nc -N</c> does.</summary>
public sealed class HalfClosedTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("line")]
    [InlineData("none")]
    public async Task Messages_of_a_half_closed_client_are_received_and_it_counts_as_disconnected(string framing)
    {
        await using Pair pair = await Pair.BindAsync($"tcp://127.0.0.1:0?framing={framing}");
        IPEndPoint place = new(IPAddress.Loopback, pair.Address.Port!.Value);
        using Socket first = new(SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(place);
        await first.SendAsync("hello\n"u8.ToArray());
        first.Shutdown(SocketShutdown.Send);

        using (Message message = await pair.ReceiveAsync(Watchdog))
        {
            Assert.Equal("hello", message.Text.TrimEnd());
        }

        Assert.Equal(0, await first.ReceiveAsync(new byte[10]).WaitAsync(Watchdog));

        // The next may come.
        using Socket second = new(SocketType.Stream, ProtocolType.Tcp);
        await second.ConnectAsync(place);
        await pair.SendAsync("answer").AsTask().WaitAsync(Watchdog);
        Assert.True(await second.ReceiveAsync(new byte[10]).WaitAsync(Watchdog) > 0);
    }
}
