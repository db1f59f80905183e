using System.Net;
using System.Net.Sockets;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A host with several addresses, as 127.0.0.0/8 is: each client gets its answers from the address that it asked.</summary>
public sealed class SeveralAddressesTests
{
    private const int LongestWait = 60_000;

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.2")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("*", "127.0.0.2")]
    [InlineData("[::]", "127.0.0.3")]
    [InlineData("*", "[::1]")]
    public async Task A_datagram_is_answered_from_the_address_it_was_sent_to(string bound, string asked)
    {
        await using Hub hub = await Hub.BindAsync($"udp://{bound}:0");
        await using Pair client = await Pair.ConnectAsync($"udp://{asked}:{hub.Address.Port}");
        await client.SendAsync("hello");
        HubClient joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent(60.Seconds())).Client;
        Assert.Equal(client.Peers[0].RemoteAddress, joined.Peer.LocalAddress);
        for (int i = 0; i < 3; i++)
        {
            await hub.SendAsync(joined, $"answer {i}");
            using Message answer = await client.ReceiveAsync(60.Seconds());
            Assert.Equal($"answer {i}", answer.Text);
        }
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.2")]
    [InlineData("*", "127.0.0.2")]
    [InlineData("*", "[::1]")]
    public async Task A_reliable_session_uses_the_address_it_was_opened_at(string bound, string asked)
    {
        await using Responder responder = await Responder.BindAsync($"udp://{bound}:0?reliable=true");
        for (int i = 0; i < 2; i++)
        {
            await using Requester requester = await Requester.ConnectAsync($"udp://{asked}:{responder.Address.Port}?reliable=true");
            ValueTask<Message> asking = requester.RequestAsync("hello"u8, 60.Seconds());
            using (Request request = await responder.ReceiveAsync(60.Seconds()))
            {
                request.Reply(request.Message.Span);
            }

            using Message answer = await asking;
            Assert.Equal("hello", answer.Text);
        }
    }

    [Fact]
    public async Task A_client_that_sends_to_two_addresses_is_answered_from_both()
    {
        await using Hub hub = await Hub.BindAsync("udp://0.0.0.0:0?framing=none");
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = LongestWait };
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        foreach (string host in new[] { "127.0.0.2", "127.0.0.3", "127.0.0.2" })
        {
            IPEndPoint place = new(IPAddress.Parse(host), hub.Address.Port!.Value);
            client.SendTo("hello"u8, place);
            HubEvent.Said said = await NextSaidAsync(hub);
            Assert.Equal(place.ToString(), said.Client.Peer.LocalAddress);
            await hub.SendAsync(said.Client, said.Message.Text);
            said.Message.Dispose();
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal(5, client.ReceiveFrom(new byte[100], ref from));
            Assert.Equal(place, from);
        }
    }

    [Fact]
    public async Task A_refusal_is_sent_from_the_address_that_was_contacted()
    {
        await using Receiver plain = await Receiver.BindAsync("udp://0.0.0.0:0");
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
            async () => await Sender.ConnectAsync($"udp://127.0.0.2:{plain.Address.Port}?reliable=true"));
        Assert.Equal(ErrorCode.Incompatible, refused.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?reliable=true")]
    public async Task A_connecting_end_chooses_its_own_address(string options)
    {
        await using Pair bound = await Pair.BindAsync($"udp://127.0.0.1:0{options}");
        await using Pair connected = await Pair.ConnectAsync(bound.Address.With("local", "127.0.0.4"));
        await connected.SendAsync("hello");
        using Message hello = await bound.ReceiveAsync(60.Seconds());
        Assert.StartsWith("127.0.0.4:", hello.Peer.RemoteAddress, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", ErrorCode.NotFound)]
    [InlineData("::1", ErrorCode.NotFound)]
    public async Task An_address_of_another_host_or_family_is_refused(string local, ErrorCode code)
    {
        Address address = Address.Parse("udp://127.0.0.1:9").With("local", local);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () => await Pair.ConnectAsync(address));
        Assert.Equal(code, refused.Code);
        Assert.Contains("local=", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_option_local_is_an_IP_address_and_refused_at_the_bound_end()
    {
        await Assert.ThrowsAsync<AddressFormatException>(async () => await Pair.ConnectAsync("udp://127.0.0.1:9?local=eth0"));
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
            async () => await Pair.BindAsync("udp://127.0.0.1:0?local=127.0.0.1"));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
    }

    private static async Task<HubEvent.Said> NextSaidAsync(Hub hub)
    {
        while (true)
        {
            if (await hub.NextEventAsync(60.Seconds()) is HubEvent.Said said)
            {
                return said;
            }
        }
    }
}
