using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>More silent connections than one endpoint keeps. It runs alone, because it uses thousands of descriptors.</summary>
[Collection(nameof(HostilePeers))]
public sealed class HandshakeBoundTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Most = 4096;

    [Fact]
    public async Task The_oldest_of_too_many_silent_connections_is_closed_and_a_real_client_is_served()
    {
        // Both ends are here, and other tests have descriptors, too.
        const int Descriptors = 3 * Most;
        Skip(OpenFilesLimit() < Descriptors, $"this process may not open {Descriptors} files");

        // By this clock no handshake ever exceeds its time.
        ManualClock clock = new();
        UnixNameUnderTest transport = new();
        Receiver receiver = Track(await Receiver.BindAsync(transport.NewPlace(), new() { TimeProvider = clock }));
        List<Socket> silent = [];
        await OnThread(() =>
        {
            for (int i = 0; i <= Most; i++)
            {
                silent.Add(Track(transport.ConnectRaw(receiver.Address)));
            }

            ReadToEnd(silent[0]);
        });
        Assert.Equal([], Ended(silent[1..]));

        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        await sender.SendAsync("served"u8);
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("served", message.Text);
        await OnThread(() => ReadToEnd(silent[1]));
        Assert.Equal([], Ended(silent[2..]));
    }

    /// <summary>Returns the indexes of the sockets that have ended.</summary>
    private static List<int> Ended(List<Socket> sockets) =>
        [.. Enumerable.Range(0, sockets.Count).Where(i => sockets[i].Poll(0, SelectMode.SelectRead) && !HasMore(sockets[i]))];

    private static bool HasMore(Socket socket) => socket.Receive(new byte[1], SocketFlags.Peek) > 0;

    private static void ReadToEnd(Socket socket)
    {
        byte[] bytes = new byte[4096];
        while (socket.Receive(bytes) > 0)
        {
        }
    }

    private static long OpenFilesLimit()
    {
        const string Name = "Max open files";
        string line = File.ReadLines("/proc/self/limits").Single(static line => line.StartsWith(Name, StringComparison.Ordinal));
        string soft = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, System.Globalization.CultureInfo.InvariantCulture);
    }
}
