namespace Fairlead.Cli.Output;

/// <summary>A network interface as a line of JSON, and what the table takes its cells from.</summary>
internal sealed record InterfaceLine
{
    public required string Name { get; init; }

    public required int? Index { get; init; }

    /// <summary>As <c>ip link</c> has them, in small letters.</summary>
    public required string[] Flags { get; init; }

    /// <summary>Each with the length of its network's prefix: <c>192.168.1.5/24</c>.</summary>
    public required string[] Ipv4 { get; init; }

    /// <summary>The same.</summary>
    public required string[] Ipv6 { get; init; }

    /// <summary>The address on the link; missing where it has none.</summary>
    public string? Mac { get; init; }

    /// <summary>Bytes of the longest packet.</summary>
    public int? Mtu { get; init; }

    /// <summary>Megabits a second; missing where the driver does not tell.</summary>
    public long? Speed { get; init; }
}
