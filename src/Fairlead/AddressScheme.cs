namespace Fairlead;

/// <summary>The kinds of place that a scheme accepts.</summary>
[Flags]
internal enum PlaceKinds
{
    None = 0,

    /// <summary>A bare name: <c>unix://orders</c>.</summary>
    Name = 1,

    /// <summary>An absolute path: <c>unix:///tmp/orders</c>.</summary>
    Path = 2,

    /// <summary>A name in the abstract namespace: <c>unix://@orders</c>.</summary>
    Abstract = 4,

    /// <summary>Host and port: <c>tcp://localhost:5242</c>.</summary>
    HostPort = 8,

    /// <summary>One or two descriptors: <c>fd://3,4</c>; or the name of one that a service manager passed: <c>fd://orders</c>.</summary>
    Descriptors = 16,

    /// <summary>Two bare names: <c>fifo://a,b</c>.</summary>
    NamePair = 32,

    /// <summary>A broker with hosts, ports, credentials and a virtual host, which the broker's client reads.</summary>
    Broker = 64,
}

/// <summary>The known schemes, with the places they accept and an example for error messages.</summary>
internal sealed record AddressScheme(string Name, PlaceKinds Places, string Example)
{
    public static IReadOnlyList<AddressScheme> All { get; } =
    [
        new("inproc", PlaceKinds.Name, "inproc://orders"),
        new("shm", PlaceKinds.Name, "shm://orders"),
        new("log", PlaceKinds.Name | PlaceKinds.Path, "log:///var/log/orders"),
        new("fd", PlaceKinds.Descriptors, "fd://3 or fd://3,4"),
        new("fifo", PlaceKinds.Name | PlaceKinds.Path | PlaceKinds.NamePair, "fifo://orders or fifo:///tmp/orders"),
        new("unix", PlaceKinds.Name | PlaceKinds.Path | PlaceKinds.Abstract, "unix://orders, unix:///tmp/orders or unix://@orders"),
        new("unixpacket", PlaceKinds.Name | PlaceKinds.Path | PlaceKinds.Abstract, "unixpacket://orders"),
        new("unixgram", PlaceKinds.Name | PlaceKinds.Path | PlaceKinds.Abstract, "unixgram://orders"),
        new("tcp", PlaceKinds.HostPort, "tcp://localhost:5242"),
        new("tls", PlaceKinds.HostPort, "tls://localhost:5243"),
        new("udp", PlaceKinds.HostPort, "udp://localhost:5244"),
        new("amqp", PlaceKinds.Broker, "amqp://broker/?name=orders"),
        new("amqps", PlaceKinds.Broker, "amqps://broker/?name=orders"),
        new("sysv", PlaceKinds.Name, "sysv://0x5242"),
    ];

    /// <summary>Returns the scheme with this lower-case name, or null.</summary>
    public static AddressScheme? Find(string name)
    {
        foreach (var scheme in All)
        {
            if (scheme.Name == name)
            {
                return scheme;
            }
        }

        return null;
    }
}
