using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>
/// What an endpoint was asked for, by its options and by its address (the address wins), with defaults filled in. The pattern is part of
/// it, so that a broker can map it to its own objects.
/// </summary>
internal sealed record EndpointSettings
{
    /// <summary>The options that every address may carry.</summary>
    public static readonly string[] CommonOptions =
    [
        "capacity",
        "framing",
        "full",
        "heartbeat",
        "maxmessage",
        "messages",
        "reconnect",
        "size",
        "wait",
        "waiting",
        "writing",
    ];

    private const TransportCapabilities ForProtocol = TransportCapabilities.Duplex | TransportCapabilities.Reliable;

    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromDays(1);

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
    public OverflowPolicy? Full { get; init; }

    /// <summary>Zero: none.</summary>
    public required TimeSpan Heartbeat { get; init; }

    public required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>How long connecting waits for somebody to listen.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>How long a lost peer is sought; zero: not at all.</summary>
    public TimeSpan Reconnect { get; init; }

    /// <summary>How blocking callers wait where memory is shared.</summary>
    public WaitStrategy Waiting { get; init; }

    /// <summary>When what is sent leaves for the kernel.</summary>
    public WriteMode Writing { get; init; }

    /// <summary>What a peer is told of a handler's exception.</summary>
    public ErrorDetails ErrorDetails { get; init; }

    /// <summary>Open files that may lie here unread; zero: none is taken.</summary>
    public int Handles { get; init; }

    /// <summary>Bytes that are sent as one message by those to whom messages are nothing but bytes.</summary>
    public int LongestPiece { get; init; } = 256 * 1024;

    public required StreamFraming Framing { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether the other end may be a program that knows nothing of Fairlead.</summary>
    public bool IsForeign => !Framing.IsFairlead;

    /// <summary>Whether no answers come: because of the framing, or because the transport has no way back or loses some.</summary>
    public required bool IsBare { get; init; }

    /// <exception cref="AddressFormatException">An option is unknown, or has a value that it cannot have.</exception>
    /// <param name="address">Its options win.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="pattern">Who asks.</param>
    /// <param name="transport">Whose options the address may carry, too.</param>
    public static EndpointSettings From(Address address, EndpointOptions? options, PatternKind pattern, ITransport transport)
    {
        string[] known = [.. CommonOptions, .. PatternOptions.TakenBy(pattern), .. transport.Options];
        AddressOptions.RequireKnown(address, known, PatternOptions.IgnoredBy(pattern));
        options ??= new EndpointOptions();
        Check(options);
        TransportCapabilities capabilities = transport.CapabilitiesOf(address);
        bool crossHost = (capabilities & TransportCapabilities.CrossHost) != 0;
        StreamFraming framing = FramingOf(address);
        return new EndpointSettings
        {
            Pattern = pattern,
            Capacity = (int)Math.Clamp(AddressOptions.Size(address, "capacity") ?? options.MaxUnreadBytes, 4096, 1 << 30),
            Messages = Math.Clamp(AddressOptions.Int(address, "messages") ?? options.MaxUnreadMessages, 1, 1 << 20),
            LongestMessage = (AddressOptions.Size(address, "maxmessage") ?? options.MaxMessageBytes) is { } longest
                ? (int)Math.Clamp(longest, 1, NoLimit)
                : null,
            Full = AddressOptions.Enum<OverflowPolicy>(address, "full") ?? options.OverflowPolicy,
            Heartbeat = HeartbeatOf(address) ?? options.Heartbeat ?? (crossHost ? TimeSpan.FromSeconds(10) : TimeSpan.Zero),
            HandshakeTimeout =
                options.HandshakeTimeout > transport.LeastHandshakeTime ? options.HandshakeTimeout : transport.LeastHandshakeTime,
            Wait = AddressOptions.Duration(address, "wait") ?? options.ConnectTimeout,
            Reconnect = AddressOptions.Duration(address, "reconnect") ?? options.ReconnectTimeout,
            Waiting = WaitingOf(address) ?? options.WaitStrategy,
            Writing = WritingOf(address) ?? options.WriteMode,
            ErrorDetails = options.ErrorDetails,
            Handles = HandlesOf(address, options, capabilities, framing),
            LongestPiece = transport.LongestPiece(address),
            Framing = framing,
            IsBare = !framing.IsFairlead || (capabilities & ForProtocol) != ForProtocol,
            Time = options.TimeProvider,
        };
    }

    /// <summary>What a type lets through that no option can be: refused here, before anything is made.</summary>
    private static void Check(EndpointOptions options)
    {
        Deadline.Check(options.ConnectTimeout, nameof(options));
        Deadline.Check(options.ReconnectTimeout, nameof(options));
        Deadline.Check(options.Heartbeat, nameof(options));
        if (options.Heartbeat > LongestHeartbeat)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                options.Heartbeat,
                "A heartbeat has an interval of a day at the most. Give Timeout.InfiniteTimeSpan or zero for none.");
        }

        if (options.HandshakeTimeout <= TimeSpan.Zero || options.HandshakeTimeout > LongestHandshake)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.HandshakeTimeout, "A handshake has a time-out above zero, and of a day at the most.");
        }

        CheckDefined(options.OverflowPolicy, nameof(options));
        CheckDefined<AddressSelection>(options.AddressSelection, nameof(options));
        CheckDefined<WaitStrategy>(options.WaitStrategy, nameof(options));
        CheckDefined<ErrorDetails>(options.ErrorDetails, nameof(options));
        CheckDefined<WriteMode>(options.WriteMode, nameof(options));
        ArgumentNullException.ThrowIfNull(options.TimeProvider, nameof(options));
        ArgumentNullException.ThrowIfNull(options.Alternatives, nameof(options));
    }

    private static void CheckDefined<T>(T? value, string name)
        where T : struct, Enum
    {
        if (value is { } given && !Enum.IsDefined(given))
        {
            throw new ArgumentOutOfRangeException(name, value, $"There is no {typeof(T).Name} {given}.");
        }
    }

    private static TimeSpan? HeartbeatOf(Address address) =>
        AddressOptions.Duration(address, "heartbeat") is { } heartbeat
            ? heartbeat <= LongestHeartbeat
                ? heartbeat
                : throw new AddressFormatException(
                    address.ToString(),
                    $"option 'heartbeat' cannot be '{AddressText.Display(address.Option("heartbeat")!)}': "
                        + "an interval of a day is the longest. Write 0 for none.")
            : null;

    private static WaitStrategy? WaitingOf(Address address) =>
        address.Option("waiting") switch
        {
            null => null,
            "balanced" => WaitStrategy.Balanced,
            "latency" => WaitStrategy.Latency,
            "efficient" => WaitStrategy.Efficient,
            string other => throw new AddressFormatException(
                address.ToString(), $"there is no way of waiting '{other}'. Use balanced, latency or efficient."),
        };

    private static int HandlesOf(Address address, EndpointOptions options, TransportCapabilities capabilities, StreamFraming framing)
    {
        int handles = Math.Clamp(AddressOptions.Int(address, "handles") ?? options.MaxUnreadHandles, 0, 250);
        return handles == 0 || ((capabilities & TransportCapabilities.Handles) != 0 && framing.IsFairlead)
            ? handles
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"no open files come over {address.Scheme}://{(framing.IsFairlead ? "" : " with a foreign framing")}",
                "Use unix://, in Fairlead's own framing.")
            {
                Address = address,
            };
    }

    private static WriteMode? WritingOf(Address address) =>
        address.Option("writing") switch
        {
            null => null,
            "balanced" => WriteMode.Balanced,
            "immediate" => WriteMode.Immediate,
            "buffered" => WriteMode.Buffered,
            string other => throw new AddressFormatException(
                address.ToString(), $"there is no way of writing '{other}'. Use balanced, immediate or buffered."),
        };

    private static StreamFraming FramingOf(Address address) =>
        address.Option("framing") switch
        {
            "block" => BlockFramingOf(address),
            _ when address.Option("size") is not null => throw new AddressFormatException(
                address.ToString(), "size is that of a block. Write framing=block&size=1024, or leave it away."),
            null or "fairlead" => FairleadFraming.Instance,
            "line" => DelimitedFraming.Line,
            "nul" => DelimitedFraming.Nul,
            "length" => LengthFraming.Instance,
            "none" => RawFraming.Instance,
            string other => throw new AddressFormatException(
                address.ToString(), $"there is no framing '{other}'. Use fairlead, line, nul, length, block or none."),
        };

    private static BlockFraming BlockFramingOf(Address address) => new((int)(AddressOptions.Size(address, "size", 1, BlockFraming.Longest)
        ?? throw new AddressFormatException(address.ToString(), "framing=block needs the size of a block: framing=block&size=1024.")));
}
