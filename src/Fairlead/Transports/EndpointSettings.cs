using System.Text;
using Fairlead.Framing;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>The settings of an endpoint, from its options and its address, which overrides them, with defaults filled in.</summary>
/// <remarks>The pattern is included because a broker maps it to its own objects.</remarks>
internal sealed record EndpointSettings
{
    /// <summary>The options that every address may have.</summary>
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
        "until",
        "wait",
        "waiting",
        "writing",
    ];

    private const TransportCapabilities ForProtocol = TransportCapabilities.Duplex | TransportCapabilities.Reliable;

    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromDays(1);

    /// <summary>The most unread messages that an endpoint can ask for.</summary>
    public const int MostMessages = 1 << 20;

    public const int DefaultNetworkLimit = 16 * 1024 * 1024;

    /// <summary>The highest possible limit: such a message and its framing still fit into one array.</summary>
    public static readonly int NoLimit = Array.MaxLength - 64;

    public required PatternKind Pattern { get; init; }

    /// <summary>The most bytes that the peer may send before this side's user has read them.</summary>
    public required int Capacity { get; init; }

    /// <summary>The most messages that the peer may send before this side's user has read them.</summary>
    public required int Messages { get; init; }

    /// <summary>The longest accepted message; null: unlimited from processes of the same user, 16 MiB from others.</summary>
    public int? LongestMessage { get; init; }

    /// <summary>The overflow policy; null: the pattern's default.</summary>
    public OverflowPolicy? OverflowPolicy { get; init; }

    /// <summary>The interval; zero for none.</summary>
    public required TimeSpan Heartbeat { get; init; }

    public required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>How long connecting waits for a listener.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>How long a closed TCP connection stays open for bytes that its peer lacks; zero: closing resets it.</summary>
    public TimeSpan Linger { get; init; }

    /// <summary>The user's text for the registry.</summary>
    public string Label { get; init; } = "";

    /// <summary>The program as which this end introduces itself; null: the name of this process's program.</summary>
    public string? Program { get; init; }

    /// <summary>Whether it is the inner end of a bridge, which is neither listed nor measured: the user's end is.</summary>
    public bool IsInner { get; init; }

    /// <summary>Whether a message is acknowledged only when its taker releases it, and not when it is handed out.</summary>
    public bool HoldsBack { get; init; }

    /// <summary>
    /// Whether a sender waits until its messages are acknowledged: a bridge acknowledges what its broker has stored, and a work queue what
    /// is on its disk.
    /// </summary>
    /// <remarks>The inner end of the bridge and the work queue have it, too, and then acknowledge without delay.</remarks>
    public bool Confirms { get; init; }

    /// <summary>By which the transport tells the endpoint that it makes no progress.</summary>
    public Hindrance Hindrance { get; init; } = new();

    /// <summary>The resources that a transport keeps open until the next attempt to connect; null: there is one attempt.</summary>
    public ConnectAttempts? Attempts { get; init; }

    /// <summary>How long to seek a lost peer; zero: not at all.</summary>
    public TimeSpan Reconnect { get; init; }

    /// <summary>How blocking callers wait for shared memory.</summary>
    public WaitStrategy WaitStrategy { get; init; }

    /// <summary>When sent messages leave for the kernel.</summary>
    public WriteMode WriteMode { get; init; }

    /// <summary>How much a peer learns about a handler's exception.</summary>
    public ErrorDetails ErrorDetails { get; init; }

    /// <summary>The most unread open files here; zero: none are accepted.</summary>
    public int Handles { get; init; }

    /// <summary>The most bytes that a stream sends as one message.</summary>
    public int LongestPiece { get; init; } = 256 * 1024;

    /// <summary>The length in UTF-8 of the longest topic that can be published.</summary>
    public int LongestTopic { get; init; } = HeadReader.LongestTopic;

    public required StreamFraming Framing { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether the other end may be a non-Fairlead program.</summary>
    public bool IsForeign => !Framing.IsFairlead;

    /// <summary>Whether no answers come back, because of the framing or because the transport is one-way or unreliable.</summary>
    public required bool IsRaw { get; init; }

    /// <exception cref="AddressFormatException">An option is unknown or has an invalid value.</exception>
    /// <param name="address">The address, whose options override the others.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="pattern">The pattern of the endpoint.</param>
    /// <param name="transport">The transport, whose options the address may have, too.</param>
    public static EndpointSettings From(Address address, EndpointOptions? options, PatternKind pattern, ITransport transport)
    {
        string[] known = [.. CommonOptions, .. PatternOptions.TakenBy(pattern), .. transport.Options];
        AddressOptions.RequireKnown(address, known, PatternOptions.IgnoredBy(pattern));
        options ??= new EndpointOptions();
        Check(options);
        TransportCapabilities capabilities = transport.CapabilitiesOf(address);
        bool crossHost = (capabilities & TransportCapabilities.CrossHost) != 0;
        StreamFraming framing = FramingOf(address);
        bool isBare = !framing.IsFairlead || (capabilities & ForProtocol) != ForProtocol;
        return new EndpointSettings
        {
            Pattern = pattern,
            Capacity = (int)Math.Clamp(AddressOptions.Size(address, "capacity") ?? options.MaxUnreadBytes, 4096, 1 << 30),
            Messages = Math.Clamp(AddressOptions.Int(address, "messages") ?? options.MaxUnreadMessages, 1, MostMessages),
            LongestMessage = (AddressOptions.Size(address, "maxmessage") ?? options.MaxMessageBytes) is { } longest
                ? (int)Math.Clamp(longest, 1, NoLimit)
                : null,
            OverflowPolicy = AddressOptions.Enum<OverflowPolicy>(address, "full") ?? options.OverflowPolicy,
            Heartbeat = HeartbeatOf(address) ?? options.Heartbeat ?? (crossHost ? TimeSpan.FromSeconds(10) : TimeSpan.Zero),
            HandshakeTimeout =
                options.HandshakeTimeout > transport.LeastHandshakeTime ? options.HandshakeTimeout : transport.LeastHandshakeTime,
            Linger = LingeringClose.TimeOf(address),
            ConnectTimeout = AddressOptions.Duration(address, "wait") ?? options.ConnectTimeout,
            Reconnect = AddressOptions.Duration(address, "reconnect") ?? options.ReconnectTimeout,
            WaitStrategy = WaitingOf(address) ?? options.WaitStrategy,
            WriteMode = WritingOf(address) ?? options.WriteMode,
            ErrorDetails = options.ErrorDetails,
            Label = options.Label,
            Handles = HandlesOf(address, options, capabilities, framing),
            LongestPiece = transport.LongestPiece(address),
            LongestTopic = transport.LongestTopic(address),
            Framing = framing,
            IsRaw = isBare,
            Confirms = ConfirmsOf(address, pattern, capabilities, isBare),
            Time = options.TimeProvider,
        };
    }

    /// <summary>Throws for invalid values that the types allow, before anything is created.</summary>
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
                "The longest heartbeat interval is one day. Use Timeout.InfiniteTimeSpan or zero for none.");
        }

        if (options.HandshakeTimeout <= TimeSpan.Zero || options.HandshakeTimeout > LongestHandshake)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.HandshakeTimeout, "The timeout of a handshake must be above zero and at most one day.");
        }

        CheckDefined(options.OverflowPolicy, nameof(options));
        CheckDefined<AddressSelection>(options.AddressSelection, nameof(options));
        CheckDefined<WaitStrategy>(options.WaitStrategy, nameof(options));
        CheckDefined<ErrorDetails>(options.ErrorDetails, nameof(options));
        CheckDefined<WriteMode>(options.WriteMode, nameof(options));
        ArgumentNullException.ThrowIfNull(options.TimeProvider, nameof(options));
        ArgumentNullException.ThrowIfNull(options.Alternatives, nameof(options));
        ArgumentNullException.ThrowIfNull(options.Label, nameof(options));
        if (Encoding.UTF8.GetByteCount(options.Label) > EndpointLayout.LabelSize || options.Label.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"A label has at most {EndpointLayout.LabelSize} bytes in UTF-8, and no control character.", nameof(options));
        }
    }

    private static void CheckDefined<T>(T? value, string name)
        where T : struct, Enum
    {
        if (value is { } given && !Enum.IsDefined(given))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{given} is not a valid {typeof(T).Name}.");
        }
    }

    private static TimeSpan? HeartbeatOf(Address address) =>
        AddressOptions.Duration(address, "heartbeat") is { } heartbeat
            ? heartbeat <= LongestHeartbeat
                ? heartbeat
                : throw new AddressFormatException(
                    address.ToString(),
                    $"option 'heartbeat' cannot be '{AddressText.Display(address.Option("heartbeat")!)}': "
                        + "the longest interval is one day. Write 0 for none.")
            : null;

    private static bool ConfirmsOf(Address address, PatternKind pattern, TransportCapabilities capabilities, bool isBare) => pattern switch
    {
        PatternKind.Publisher => !isBare && (capabilities & TransportCapabilities.Durable) != 0,
        PatternKind.Sender => address.Option("durable") switch
        {
            "true" when isBare => throw new FairleadException(
                ErrorCode.NotSupported,
                "nothing acknowledges messages here, so durable=true cannot wait for it",
                "Remove ?durable=true. A log has ?sync=each instead.")
            {
                Address = address,
            },
            "true" => true,
            null or "false" => false,
            string other => throw new AddressFormatException(
                address.ToString(), $"option 'durable' cannot be '{AddressText.Display(other)}'. Use true or false."),
        },
        _ => false,
    };

    private static WaitStrategy? WaitingOf(Address address) =>
        address.Option("waiting") switch
        {
            null => null,
            "balanced" => WaitStrategy.Balanced,
            "latency" => WaitStrategy.Latency,
            "efficient" => WaitStrategy.Efficient,
            string other => throw new AddressFormatException(
                address.ToString(), $"option 'waiting' cannot be '{other}'. Use balanced, latency or efficient."),
        };

    private static int HandlesOf(Address address, EndpointOptions options, TransportCapabilities capabilities, StreamFraming framing)
    {
        int handles = Math.Clamp(AddressOptions.Int(address, "handles") ?? options.MaxUnreadHandles, 0, 250);
        return handles == 0 || ((capabilities & TransportCapabilities.Handles) != 0 && framing.IsFairlead)
            ? handles
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"{address.Scheme}:// cannot carry open files{(framing.IsFairlead ? "" : " with a foreign framing")}",
                "Use unix:// with Fairlead's own framing.")
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
                address.ToString(), $"option 'writing' cannot be '{other}'. Use balanced, immediate or buffered."),
        };

    private static StreamFraming FramingOf(Address address) =>
        address.Option("framing") switch
        {
            "block" => BlockFramingOf(address),
            _ when address.Option("size") is not null => throw new AddressFormatException(
                address.ToString(), "option 'size' needs framing=block. Write framing=block&size=1024, or remove it."),
            _ when address.Option("until") is not null => throw new AddressFormatException(
                address.ToString(), "option 'until' needs framing=block. Write framing=block&size=1024&until=nul, or remove it."),
            null or "fairlead" => FairleadFraming.Instance,
            "line" => DelimitedFraming.Line,
            "nul" => DelimitedFraming.Nul,
            "length" => LengthFraming.Instance,
            "none" => RawFraming.Instance,
            string other => throw new AddressFormatException(
                address.ToString(), $"option 'framing' cannot be '{other}'. Use fairlead, line, nul, length, block or none."),
        };

    private static BlockFraming BlockFramingOf(Address address)
    {
        long size = AddressOptions.Size(address, "size", 1, BlockFraming.Longest)
            ?? throw new AddressFormatException(address.ToString(), "framing=block needs a block size. Write framing=block&size=1024.");
        return address.Option("until") switch
        {
            null => new BlockFraming((int)size),
            "nul" => new BlockFraming((int)size, untilNul: true),
            string other => throw new AddressFormatException(
                address.ToString(),
                $"option 'until' cannot be '{AddressText.Display(other)}'. Use until=nul, or remove it: without it, the text ends "
                    + "before the NUL bytes that fill the block up."),
        };
    }
}
