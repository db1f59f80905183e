using System.Net;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A bound socket keeps a limited number of messages for each remote address, for a limited time.</summary>
public sealed class UdpSessionsTests
{
    private const int Messages = 4;

    [Theory]
    [InlineData("100d")]
    [InlineData("10000000d")]
    public async Task A_client_may_be_silent_for_longer_than_a_timer_runs(string idle)
    {
        await using Hub hub = await Hub.BindAsync($"udp://127.0.0.1:0?idle={idle}");
        await using Pair pair = await Pair.ConnectAsync(hub.Address.WithoutOptions());
        await pair.SendAsync("here"u8);
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_queue_holds_no_more_messages_than_the_address_allows(int length)
    {
        const int Sent = 1_000;
        Address address = $"udp://127.0.0.1:0?framing=none&messages={Messages}";
        UdpTransport transport = new();
        using IListener listener = transport.Bind(address, EndpointSettings.From(address, null, PatternKind.Hub, transport));
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        raw.Connect(new IPEndPoint(IPAddress.Loopback, listener.Address.Port!.Value));
        Connection? accepted = null;
        for (int i = 0; i < Sent; i++)
        {
            // The loopback interface has delivered it when this returns.
            raw.Send(new byte[length]);
            accepted = listener.TryAccept() ?? accepted;
        }

        using Connection connection = accepted!;
        int dropped = 0;
        int taken = 0;
        await Polling.Until(() =>
        {
            listener.TryAccept();
            for (; connection.TryTake(out Incoming message); taken++)
            {
                message.Release();
            }

            dropped += connection.TakeDropped(out _);
            return taken + dropped == Sent;
        });
        Assert.Equal(Messages, taken);
    }

    [Fact]
    public void A_client_that_arrived_before_a_failure_is_not_forgotten()
    {
        Address address = "udp://127.0.0.1:0?framing=none";
        UdpTransport transport = new();
        FailingClock time = new();
        using IListener listener = transport.Bind(
            address, EndpointSettings.From(address, new EndpointOptions { TimeProvider = time }, PatternKind.Hub, transport));
        IPEndPoint place = new(IPAddress.Loopback, listener.Address.Port!.Value);
        using Socket first = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using Socket second = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        first.SendTo("first"u8, place);
        second.SendTo("second"u8, place);

        time.Good = 1;
        Assert.Throws<FairleadException>(listener.TryAccept);

        time.Good = int.MaxValue;
        Assert.NotEqual(PollEvents.None, BlockingWait.Wait(listener.WaitDescriptor, PollEvents.Read, TimeSpan.Zero));
        using Connection? accepted = listener.TryAccept();
        Assert.True(accepted!.TryTake(out Incoming message));
        message.Release();
    }

    /// <summary>A clock that fails after some calls.</summary>
    private sealed class FailingClock : TimeProvider
    {
        public int Good { get; set; } = int.MaxValue;

        public override long GetTimestamp() =>
            Good-- > 0 ? base.GetTimestamp() : throw new FairleadException(ErrorCode.Unavailable, "no time is left");
    }
}
