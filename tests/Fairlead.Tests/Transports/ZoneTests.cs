using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>IPv6 addresses that mean something on one interface only.</summary>
public sealed class ZoneTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public async Task A_link_local_address_without_an_interface_is_an_error_that_names_the_option(string scheme)
    {
        Address address = $"{scheme}://[fe80::1]:5000";
        FairleadException[] errors =
        [
            Assert.Throws<FairleadException>(() => Receiver.Bind(address)),
            await Assert.ThrowsAsync<FairleadException>(async () => await Sender.ConnectAsync(address)),
        ];

        Assert.All(errors, error => Assert.Equal(ErrorCode.NotFound, error.Code));
        Assert.All(errors, error => Assert.Contains("no interface is named", error.Message, StringComparison.Ordinal));
        Assert.All(
            errors, error => Assert.Contains($"{scheme}://[fe80::1%25eth0]:5000", error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tcp://[fe80::1%nonesuch]:0")]
    [InlineData("tls://[fe80::1%nonesuch]:0")]
    [InlineData("udp://[ff02::1234%nonesuch]:0")]
    [InlineData("udp://[ff02::1234]:0?interface=nonesuch")]
    public void An_interface_that_does_not_exist_is_an_error(string text)
    {
        Address address = text;
        Assert.True(IPAddress.TryParse(address.Host!.Split('%')[0], out IPAddress? ip));
        var error = Assert.Throws<FairleadException>(() => Zones.Complete(ip, address));

        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("the interface 'nonesuch' does not exist", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("udp://[ff02::1234%lo]:0")]
    [InlineData("udp://[ff02::1234]:0?interface=lo")]
    [InlineData("udp://[ff02::1234%lo]:0?interface=lo")]
    [InlineData("udp://[ff02::1234%1]:0?interface=lo")]
    public void Zone_and_option_name_the_same_interface(string text)
    {
        // The kernel numbers the loopback interface of each network namespace 1.
        Assert.Equal(1, Zones.Complete(IPAddress.Parse("ff02::1234"), text).ScopeId);
    }

    [Fact]
    public void An_address_with_two_interfaces_is_refused() =>
        Assert.Contains(
            "it names two interfaces, 'lo' and '7'",
            Assert.Throws<FairleadException>(() => Zones.InterfaceOf("udp://[ff02::1234%7]:0?interface=lo")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Wider_addresses_need_no_interface()
    {
        foreach (string text in new[] { "::1", "fd00::2", "ff05::1234" })
        {
            Assert.Equal(0, Zones.Complete(IPAddress.Parse(text), $"udp://[{text}]:0").ScopeId);
        }
    }

    [SkippableZoneTheory]
    [InlineData("tcp", "%")]
    [InlineData("tcp", "%25")]
    [InlineData("udp", "%")]
    [InlineData("udp", "%25")]
    public async Task Messages_arrive_at_a_link_local_address(string scheme, string sign)
    {
        (string ip, string name) = SkippableZoneTheoryAttribute.Find()!.Value;
        await using Receiver receiver = Receiver.Bind($"{scheme}://[{ip}{sign}{name}]:0");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address.ToString());
        Assert.Contains($"%25{name}]", receiver.Address.ToString(), StringComparison.Ordinal);
        sender.Send("hello");

        Assert.Equal("hello", receiver.Receive(Watchdog).Text);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SkippableZoneTheoryAttribute : TheoryAttribute
    {
        public SkippableZoneTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
            : base(file, line)
        {
            if (Find() is null)
            {
                Skip = "No interface of this host has a link-local address.";
            }
        }

        public static (string Ip, string Name)? Find()
        {
            foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
            {
                foreach (UnicastIPAddressInformation held in one.GetIPProperties().UnicastAddresses)
                {
                    if (held.Address.AddressFamily == AddressFamily.InterNetworkV6 && held.Address.IsIPv6LinkLocal)
                    {
                        return (held.Address.ToString().Split('%')[0], one.Name);
                    }
                }
            }

            return null;
        }
    }
}
