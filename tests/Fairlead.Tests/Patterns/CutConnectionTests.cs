using System.Globalization;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>A connection between two living ends is cut, and one of them reconnects.</summary>
[SlowRun]
public sealed class CutConnectionTests
{
    /// <summary>More than one turn of each connection.</summary>
    private const int Each = 40;

    public static TheoryData<bool> Transports => [false, true];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Messages_sent_before_a_cut_are_read_before_messages_sent_after_it(bool overTcp)
    {
        TransportUnderTest transport = overTcp ? new TcpUnderTest() : new UnixNameUnderTest();
        await using Receiver receiver = await Receiver.BindAsync(transport.NewPlace());
        using Relay relay = new(transport, receiver.Address);
        await using Sender sender = await Sender.ConnectAsync(relay.Address, new() { ReconnectTimeout = Timeout.InfiniteTimeSpan });
        await using Sender other = await Sender.ConnectAsync(receiver.Address);
        using SemaphoreSlim isBack = new(0);
        sender.StateChanged += (_, change) => _ = change.State == EndpointState.Connected ? isBack.Release() : 0;
        for (int cut = 0; cut < 3; cut++)
        {
            for (int i = 0; i < Each; i++)
            {
                await sender.SendAsync(Text((cut * Each) + i));
                await other.SendAsync("other"u8);
            }

            // Nothing may be lost with the connection, or be sent on it after the cut.
            int due = (cut + 1) * 2 * Each;
            await Polling.Until(() => receiver.Statistics.QueueDepth >= due);

            relay.Cut();
            await isBack.WaitAsync();
        }

        for (int next = 0; next < 3 * Each;)
        {
            using Message message = await receiver.ReceiveAsync();
            if (message.Text != "other")
            {
                Assert.Equal(next++, int.Parse(message.Text, CultureInfo.InvariantCulture));
            }
        }
    }

    private static byte[] Text(int number) => System.Text.Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Stands between the ends, and forwards bytes until it cuts.</summary>
    private sealed class Relay : IDisposable
    {
        private readonly TransportUnderTest _transport;
        private readonly Address _target;
        private readonly Socket _listener;
        private Socket? _near;
        private Socket? _far;

        public Relay(TransportUnderTest transport, Address target)
        {
            (_transport, _target) = (transport, target);
            (_listener, Address) = transport.ListenRaw();
            _ = AcceptAsync();
        }

        public Address Address { get; }

        public void Cut()
        {
            _far?.Dispose();
            _near?.Dispose();
        }

        public void Dispose()
        {
            _listener.Dispose();
            Cut();
        }

        private static async Task PassAsync(Socket from, Socket to)
        {
            byte[] buffer = new byte[64 * 1024];
            try
            {
                while (await from.ReceiveAsync(buffer) is > 0 and var count)
                {
                    for (int sent = 0; sent < count;)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                    }
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Cut.
            }
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    Socket near = await _listener.AcceptAsync();
                    Socket far = _transport.ConnectRaw(_target);
                    (_near, _far) = (near, far);
                    _ = PassAsync(near, far);
                    _ = PassAsync(far, near);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Over.
            }
        }
    }
}
