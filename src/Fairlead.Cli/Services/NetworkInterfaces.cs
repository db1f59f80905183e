using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>The network interfaces of this machine.</summary>
internal static class NetworkInterfaces
{
    /// <summary>The kernel's flags that say something to a user, by their bits.</summary>
    private static readonly (int Bit, string Name)[] Flags =
    [
        (0x1, "up"),
        (0x2, "broadcast"),
        (0x8, "loopback"),
        (0x10, "point-to-point"),
        (0x80, "no-arp"),
        (0x100, "promiscuous"),
        (0x200, "all-multicast"),
        (0x1000, "multicast"),
    ];

    /// <summary>All, or the one of a name.</summary>
    /// <exception cref="ToolException">NotFound: there is none of that name.</exception>
    public static InterfaceLine[] Read(string? name)
    {
        InterfaceLine[] found =
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(one => name is null || one.Name == name)
                .Select(Line)
                .OrderBy(static line => line.Index),
        ];
        return found.Length > 0 || name is null
            ? found
            : throw new ToolException(ExitCode.NotFound, $"the interface '{name}' does not exist. fairlead interfaces lists them");
    }

    private static InterfaceLine Line(NetworkInterface one)
    {
        IPInterfaceProperties properties = one.GetIPProperties();
        string mac = string.Join(':', one.GetPhysicalAddress().GetAddressBytes().Select(static part => part.ToString("x2")));
        return new InterfaceLine
        {
            Name = one.Name,
            Index = Number(one.Name, "ifindex"),
            Flags = FlagsOf(one),
            Ipv4 = Addresses(properties, AddressFamily.InterNetwork),
            Ipv6 = Addresses(properties, AddressFamily.InterNetworkV6),
            Mac = mac.Trim('0', ':').Length == 0 ? null : mac,
            Mtu = Number(one.Name, "mtu"),
            Speed = Number(one.Name, "speed") is { } speed and > 0 ? speed : null,
        };
    }

    private static string[] FlagsOf(NetworkInterface one)
    {
        int bits = Value(one.Name, "flags") is { } text && text.StartsWith("0x", StringComparison.Ordinal)
            ? int.Parse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : 0;
        IEnumerable<string> set = Flags.Where(flag => (bits & flag.Bit) != 0).Select(static flag => flag.Name);

        // Whether anything comes through is not among the bits. A driver that does not know says so, as that of the loopback does.
        bool isRunning = one.OperationalStatus == OperationalStatus.Up
            || (one.OperationalStatus == OperationalStatus.Unknown && (bits & 1) != 0);
        return [.. set, .. isRunning ? ["running"] : Array.Empty<string>()];
    }

    private static string[] Addresses(IPInterfaceProperties properties, AddressFamily family) =>
    [
        .. properties
            .UnicastAddresses
            .Where(address => address.Address.AddressFamily == family)
            .Select(static address =>
                string.Create(
                    CultureInfo.InvariantCulture, $"{new IPAddress(address.Address.GetAddressBytes())}/{address.PrefixLength}")),
    ];

    private static int? Number(string name, string attribute) =>
        int.TryParse(Value(name, attribute), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>Reads an attribute of an interface; null where the kernel has none, such as the speed of one that is down.</summary>
    private static string? Value(string name, string attribute)
    {
        try
        {
            return File.ReadAllText($"/sys/class/net/{name}/{attribute}").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
