using System.Net;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Tests.Native;

public sealed class LocalHostTests
{
    [Theory]
    [InlineData("192.168.1.5", true)]
    [InlineData("127.0.0.2", true)]
    [InlineData("224.0.0.251", false)]
    [InlineData("239.1.2.3", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("fe80::1", true)]
    [InlineData("ff02::1", false)]
    [InlineData("::ffff:192.168.1.5", true)]
    [InlineData("::ffff:224.0.0.251", false)]
    [InlineData("::ffff:255.255.255.255", false)]
    public void A_wildcard_or_group_address_is_not_an_address_of_this_host(string text, bool isKnown)
    {
        byte[] address = IPAddress.Parse(text).GetAddressBytes();
        LocalHost found = address.Length == 4
            ? LocalHost.Read(Libc.IPPROTO_IP, Libc.IP_PKTINFO, [1, 0, 0, 0, .. address, 9, 9, 9, 9])
            : LocalHost.Read(Libc.IPPROTO_IPV6, Libc.IPV6_PKTINFO, [.. address, 1, 0, 0, 0]);
        Assert.Equal(isKnown, found.IsKnown);
        if (isKnown)
        {
            IPAddress expected = IPAddress.Parse(text);
            Assert.Equal(expected.IsIPv4MappedToIPv6 ? expected.MapToIPv4() : expected, found.ToAddress());
        }
    }

    [Fact]
    public void Reading_a_local_address_allocates_nothing()
    {
        byte[] data = [1, 0, 0, 0, 127, 0, 0, 2, 9, 9, 9, 9];
        long least = Allocations.Least(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                LocalHost.Read(Libc.IPPROTO_IP, Libc.IP_PKTINFO, data);
            }
        });
        Assert.Equal(0, least);
    }
}
