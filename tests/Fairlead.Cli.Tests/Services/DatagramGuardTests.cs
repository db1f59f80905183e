using System.Net;
using System.Net.Sockets;
using Fairlead.Cli.Services;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Services;

/// <summary>Forged senders make no two services answer each other without end.</summary>
[FullRun(Reason.Repeats)]
public sealed class DatagramGuardTests
{
    private readonly ManualClock _clock = new();
    private readonly DatagramGuard _guard;

    public DatagramGuardTests() => _guard = new DatagramGuard(5007, _clock);

    [Theory]
    [InlineData("10.0.0.7:7", false)]
    [InlineData("10.0.0.7:1023", false)]
    [InlineData("10.0.0.7:1024", true)]
    [InlineData("10.0.0.7:5007", false)]
    [InlineData("[::1]:5007", false)]
    [InlineData("[fe80::7%2]:40000", true)]
    public void Datagrams_from_service_ports_are_not_answered(string sender, bool isAnswered) =>
        Assert.Equal(isAnswered, _guard.Answers(sender));

    [Fact]
    public void One_datagram_of_a_chain_without_a_pause_is_not_answered()
    {
        Assert.All(Enumerable.Range(0, DatagramGuard.LongestChain), _ => Assert.True(_guard.Answers("10.0.0.7:40000")));
        Assert.True(_guard.Answers("10.0.0.7:40001"));
        Assert.False(_guard.Answers("10.0.0.7:40000"));
        Assert.All(Enumerable.Range(0, DatagramGuard.LongestChain), _ => Assert.True(_guard.Answers("10.0.0.7:40000")));
        Assert.False(_guard.Answers("10.0.0.7:40000"));
    }

    [Fact]
    public void A_pause_begins_a_new_chain()
    {
        for (int i = 0; i < 3 * DatagramGuard.LongestChain; i++)
        {
            _clock.Advance(i % DatagramGuard.LongestChain == 0 ? DatagramGuard.Pause : TimeSpan.Zero);
            Assert.True(_guard.Answers("10.0.0.7:40000"));
        }
    }

    [Theory]
    [InlineData("echo")]
    [InlineData("daytime")]
    [InlineData("chargen")]
    public async Task A_loop_of_two_services_ends(string service)
    {
        using ToolHome home = new();
        var (_, address) = await home.ServeAsync("serve", service, "udp://127.0.0.1:0");
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5_000 };
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Connect(IPAddress.Loopback, Address.Parse(address).Port!.Value);

        // The other service echoes. One datagram of a forged sender has begun it.
        byte[] datagram = new byte[100];
        int length = 1;
        int rounds = 0;
        try
        {
            // A machine that is too busy breaks the chain by pauses; so there is a limit.
            for (; rounds < 100 * DatagramGuard.LongestChain; rounds++)
            {
                other.Send(datagram.AsSpan(0, length));
                length = other.Receive(datagram);
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
        {
            // The loop has ended.
        }

        Assert.InRange(rounds, DatagramGuard.LongestChain, (100 * DatagramGuard.LongestChain) - 1);

        // It is a client like any other, later.
        other.Send(datagram.AsSpan(0, 1));
        Assert.NotEqual(0, other.Receive(datagram));
    }
}
