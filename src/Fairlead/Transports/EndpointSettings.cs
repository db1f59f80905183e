using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>
/// What an endpoint was asked for, by its options and by its address (the address wins), with defaults filled in. The pattern is part of it, so that
/// a broker can map it to its own objects.
/// </summary>
internal sealed record EndpointSettings
{
    /// <summary>The options that every address may carry; <c>history</c> only a publisher's.</summary>
    public static readonly string[] CommonOptions = ["capacity", "framing", "full", "heartbeat", "history", "maxmessage", "messages", "reconnect", "wait"];

    public const int DefaultNetworkLimit = 16 * 1024 * 1024;

    /// <summary>The longest limit that there is: a message of so many bytes and what stands around it still fit into one array.</summary>
    public static readonly int NoLimit = Array.MaxLength - 64;

    public required PatternKind Pattern { get; init; }

    /// <summary>Bytes that the peer may send before this side's user has read them.</summary>
    public required int Capacity { get; init; }

    /// <summary>Messages that the peer may send before this side's user has read them.</summary>
    public required int Messages { get; init; }

    /// <summary>Longest message accepted; null: unlimited from processes of the same user, 16 MiB from others.</summary>
    public int? LongestMessage { get; init; }

    /// <summary>What is done with a message for which a peer has no room; null: what the pattern does by itself.</summary>
    public FullMode? Full { get; init; }

    /// <summary>Zero: none.</summary>
    public required TimeSpan Heartbeat { get; init; }

    public required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>How long connecting waits for somebody to listen.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>How long a lost peer is sought; zero: not at all.</summary>
    public TimeSpan Reconnect { get; init; }

    /// <summary>How blocking callers wait where memory is shared.</summary>
    public WaitMode Waiting { get; init; }

    public required StreamFraming Framing { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether ends talk Fairlead's protocol.</summary>
    public bool IsBare => !Framing.IsFairlead;

    public static EndpointSettings From(Address address, EndpointOptions? options, PatternKind pattern, ITransport transport)
    {
        AddressOptions.RequireKnown(address, [.. CommonOptions.Where(option => option != "history" || pattern == PatternKind.Publisher), .. transport.Options]);
        options ??= new EndpointOptions();
        bool crossHost = (transport.CapabilitiesOf(address) & TransportCapabilities.CrossHost) != 0;
        return new EndpointSettings
        {
            Pattern = pattern,
            Capacity = (int)Math.Clamp(AddressOptions.Size(address, "capacity") ?? options.Capacity, 4096, 1 << 30),
            Messages = Math.Clamp(AddressOptions.Int(address, "messages") ?? options.Messages, 1, 1 << 20),
            LongestMessage = (AddressOptions.Size(address, "maxmessage") ?? options.MaxMessage) is { } longest ? (int)Math.Clamp(longest, 1, NoLimit) : null,
            Full = AddressOptions.Enum<FullMode>(address, "full") ?? options.Full,
            Heartbeat = AddressOptions.Duration(address, "heartbeat") ?? options.Heartbeat ?? (crossHost ? TimeSpan.FromSeconds(10) : TimeSpan.Zero),
            HandshakeTimeout = options.HandshakeTimeout,
            Wait = AddressOptions.Duration(address, "wait") ?? options.Wait,
            Reconnect = AddressOptions.Duration(address, "reconnect") ?? options.Reconnect,
            Waiting = WaitingOf(address) ?? options.Waiting,
            Framing = FramingOf(address),
            Time = options.TimeProvider,
        };
    }

    private static WaitMode? WaitingOf(Address address) => address.Option("waiting") switch
    {
        null => null,
        "balanced" => WaitMode.Balanced,
        "latency" => WaitMode.Latency,
        "efficient" => WaitMode.Efficient,
        string other => throw new AddressFormatException(address.ToString(), $"there is no way of waiting '{other}'. Use balanced, latency or efficient."),
    };

    private static StreamFraming FramingOf(Address address) => address.Option("framing") switch
    {
        null or "fairlead" => FairleadFraming.Instance,
        "line" => DelimitedFraming.Line,
        "nul" => DelimitedFraming.Nul,
        "length" => LengthFraming.Instance,
        "none" => RawFraming.Instance,
        string other => throw new AddressFormatException(address.ToString(), $"there is no framing '{other}'. Use fairlead, line, nul, length or none."),
    };
}
