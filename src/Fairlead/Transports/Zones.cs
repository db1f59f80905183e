using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports;

/// <summary>
/// The interfaces that addresses name: by <c>?interface=</c>, or as the zone of an IPv6 address, <c>[fe80::1%25eth0]</c>. A link-local
/// address means another host on each interface, and the kernel takes none without it.
/// </summary>
internal static class Zones
{
    /// <summary>Returns the index of the interface that the address names, or 0 if it names none: the system then chooses.</summary>
    /// <exception cref="FairleadException">NotFound: there is no such interface.</exception>
    public static int InterfaceOf(Address address)
    {
        string? zone = address.Host is { } host && host.IndexOf('%') is > 0 and var at ? host[(at + 1)..] : null;
        if ((address.Option("interface") ?? zone) is not { } name)
        {
            return 0;
        }

        int index = IndexOf(name, address);
        return zone is null || IndexOf(zone, address) == index
            ? index
            : throw new FairleadException(
                ErrorCode.NotFound,
                $"it names two interfaces, '{PlainText.OneLine(name)}' and '{PlainText.OneLine(zone)}'",
                "Remove one of them.")
            {
                Address = address,
            };
    }

    /// <summary>Returns an IP address of the address with the interface that it needs.</summary>
    /// <exception cref="FairleadException">NotFound: there is no such interface, or none is named.</exception>
    public static IPAddress Complete(IPAddress ip, Address address)
    {
        if (ip.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return ip;
        }

        int index = address.Host!.Contains('%') || NeedsOne(ip) ? InterfaceOf(address) : 0;
        return index > 0 ? new IPAddress(ip.GetAddressBytes(), index)
            : !NeedsOne(ip) ? ip
            : throw new FairleadException(
                ErrorCode.NotFound,
                $"the address {ip} means another host on each interface, and no interface is named",
                $"Add the interface, such as eth0: {address.Scheme}://[{ip}%25eth0]:{address.Port}")
            {
                Address = address,
            };
    }

    private static bool NeedsOne(IPAddress ip)
    {
        // The lower half of the second byte of a group is its scope: 1 is the interface, 2 the link.
        return ip.IsIPv6LinkLocal || (ip.IsIPv6Multicast && (ip.GetAddressBytes()[1] & 0x0F) is 1 or 2);
    }

    private static int IndexOf(string name, Address address)
    {
        int index = NativeDatagrams.InterfaceIndex(name);
        return index > 0 || int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out index)
            ? index
            : throw new FairleadException(
                ErrorCode.NotFound, $"the interface '{PlainText.OneLine(name)}' does not exist", "List the interfaces with ip link.")
            {
                Address = address,
            };
    }
}
