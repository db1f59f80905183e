using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

public sealed class PacketConnectionTests
{
    [Fact]
    public void Packets_of_a_peer_that_closed_with_unread_data_are_still_read()
    {
        var (ours, theirs) = NativeSocket.Pair(NativeSocketType.SeqPacket);
        using var connection = new PacketConnection(ours, RawFraming.Instance, TransportCapabilities.None, new Peer())
        {
            ReceiveLimit = 1024,
        };
        using (theirs)
        {
            Assert.Equal(4, theirs.Write("last"u8).Count);
            Assert.Equal(6, ours.Write("unread"u8).Count);
        }

        Assert.Equal(FillResult.End, connection.Fill());

        Assert.True(connection.TryTake(out var message));
        Assert.Equal("last"u8, message.Body.Span);
        message.Release();
        Assert.False(connection.TryTake(out _));
    }
}
