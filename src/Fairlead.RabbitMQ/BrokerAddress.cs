using System.Globalization;
using System.Text;
using Fairlead.Framing;
using Fairlead.Transports;
using Fairlead.Transports.Tls;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ;

/// <summary>A broker's address, read: its nodes, virtual host, credentials, and the options of a bridge. Immutable.</summary>
/// <remarks><c>amqp://user:password@host:port,host:port/virtual-host?name=orders</c>.</remarks>
internal sealed record BrokerAddress
{
    public const int PlainPort = 5672;
    public const int EncryptedPort = 5671;

    /// <summary>The longest name of a queue or an exchange, in bytes. The broker allows 255, of which suffixes take some.</summary>
    public const int LongestName = 200;

    public static readonly string[] Options =
    [
        "authority", "certificate", "content", "credentials", "declare", "deliveries", "durable", "key", "length", "lifetime", "login",
        "name", "prefetch", "priorities", "priority", "single", "ttl", "unique",
    ];

    /// <summary>The deliveries of a message if the address gives no limit: as many as RabbitMQ 4 allows in a quorum queue.</summary>
    public const int UsualDeliveries = 20;

    /// <summary>The limits of the time that a message may wait in a queue. The broker counts milliseconds in 32 bits.</summary>
    public static readonly TimeSpan ShortestTimeToLive = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(24);

    private static readonly string[] EncryptedOptions = ["authority", "certificate", "key", "login"];

    private const int LongestContent = 255;

    private const int MostPrefetch = ushort.MaxValue;

    public required Address Address { get; init; }

    /// <summary>The nodes in the order in which they are tried.</summary>
    public required IReadOnlyList<BrokerNode> Nodes { get; init; }

    public required string VirtualHost { get; init; }

    public required BrokerCredentials Credentials { get; init; }

    /// <summary>The name of the queue or exchange.</summary>
    public required string Name { get; init; }

    /// <summary>Whether messages outlive a restart of the broker, and the loss of a node.</summary>
    public required bool IsDurable { get; init; }

    /// <summary>The most messages that the broker sends before earlier ones are accepted.</summary>
    public required ushort Prefetch { get; init; }

    /// <summary>How often a message is delivered before it goes to the queue of dead letters, or is dropped; null: without limit.</summary>
    public int? Deliveries { get; init; }

    /// <summary>Whether the address gives that limit.</summary>
    public bool GivesDeliveries { get; init; }

    /// <summary>Whether the messages beyond the limit go to a queue of dead letters.</summary>
    public bool HasDeadLetters => Deliveries is not null && (IsDurable || GivesDeliveries);

    /// <summary>Whether the broker takes the user from the certificate that this end shows, and no password.</summary>
    public bool LogsInByCertificate { get; init; }

    /// <summary>The arguments of the queue beyond its kind.</summary>
    public QueueLimits Limits { get; init; }

    /// <summary>The priority of this end's messages; null: none.</summary>
    public byte? Priority { get; init; }

    /// <summary>The type of the content of this end's messages, such as <c>application/json</c>; null: none.</summary>
    public string? Content { get; init; }

    /// <summary>How long this end's messages wait in a queue before the broker drops them; null: without limit.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The file of the authorities that may have issued the broker's certificate; null: those of the system.</summary>
    public string? Authority { get; init; }

    /// <summary>Whether queues and exchanges must be there, and are used with whatever options they have.</summary>
    public bool IsPassive { get; init; }

    /// <summary>Whether a receiver drops messages that it has had before.</summary>
    public bool IsUnique { get; init; }

    /// <exception cref="AddressFormatException">A part of the address is malformed.</exception>
    /// <exception cref="FairleadException">The file with the credentials cannot be read.</exception>
    public static BrokerAddress Of(Address address, EndpointSettings settings)
    {
        if (settings.Framing is not FairleadFraming)
        {
            throw new FairleadException(ErrorCode.NotSupported, "messages at a broker have no framing", "Remove ?framing=.")
            {
                Address = address,
            };
        }

        // An '@' behind the first '/' belongs to the virtual host. The texts for messages hide the password by the same rule.
        string place = address.EscapedPlace;
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string virtualHost = slash < 0 ? "" : Uri.UnescapeDataString(place[(slash + 1)..]);
        string before = slash < 0 ? place : place[..slash];
        int at = before.LastIndexOf('@');
        string user = at < 0 ? "" : before[..at];
        string nodes = before[(at + 1)..];
        string name = address.Option("name") ?? throw new AddressFormatException(
            address.Display, $"option 'name' is missing: the queue or exchange. Write {address.Scheme}://broker/?name=orders.");
        if (name.Length == 0 || name.Any(char.IsControl) || Encoding.UTF8.GetByteCount(name) > LongestName)
        {
            throw new AddressFormatException(
                address.Display, $"option 'name' has 1 to {LongestName} bytes in UTF-8, and no control character");
        }

        if (name.StartsWith("amq.", StringComparison.Ordinal))
        {
            throw new AddressFormatException(address.Display, "names that begin with 'amq.' belong to the broker. Choose another name.");
        }

        bool isEncrypted = address.Scheme == "amqps";
        if (!isEncrypted && Array.Find(EncryptedOptions, option => address.Option(option) is not null) is { } encrypted)
        {
            throw new AddressFormatException(address.Display, $"option '{encrypted}' is for amqps://, where the connection is encrypted.");
        }

        TlsFiles.RequireCertificate(address);
        if (address.Option("content") is { } content
            && (content.Length is 0 or > LongestContent || content.Any(static letter => letter is < ' ' or > '~')))
        {
            throw new AddressFormatException(
                address.Display, $"option 'content' has 1 to {LongestContent} characters of ASCII, such as application/json");
        }

        bool logsInByCertificate = OneOf(address, "login", "password", "certificate") == "certificate";
        if (logsInByCertificate && !BrokerCertificates.HasOwn(address))
        {
            throw new AddressFormatException(
                address.Display, "option 'login' is certificate, and the address names none. Add certificate= and key=.");
        }

        bool isPassive = OneOf(address, "declare", "active", "passive") == "passive";
        bool givesDeliveries = address.Option("deliveries") is { } deliveries && deliveries != "infinite";
        bool isLimited = address.Option("deliveries") is null && !isPassive && !Bridges.Topology.IsOfDeadLetters(name);
        return new BrokerAddress
        {
            Address = address,
            Nodes = [.. nodes.Split(',').Select(node => NodeOf(address, node, isEncrypted))],
            VirtualHost = virtualHost.Length == 0 ? "/" : virtualHost,
            Credentials = logsInByCertificate ? BrokerCredentials.OfCertificate : BrokerCredentials.Of(address, user),
            LogsInByCertificate = logsInByCertificate,
            Name = name,
            IsDurable = Flag(address, "durable"),
            IsPassive = isPassive,
            IsUnique = Flag(address, "unique"),
            Authority = address.Option("authority"),
            Prefetch = (ushort)(AddressOptions.Int(address, "prefetch", 1, MostPrefetch) ?? Math.Clamp(settings.Messages, 1, 256)),
            Deliveries = givesDeliveries ? AddressOptions.Int(address, "deliveries", 1, 1000) : isLimited ? UsualDeliveries : null,
            GivesDeliveries = givesDeliveries,
            Limits = QueueLimits.Of(address, Flag(address, "single")),
            Priority = (byte?)AddressOptions.Int(address, "priority", 0, byte.MaxValue),
            Content = address.Option("content"),
            TimeToLive = TimeToLiveOf(address, "ttl"),
        };
    }

    /// <summary>Returns the time for which a message may wait in a queue, of an option; null if the option is absent.</summary>
    public static TimeSpan? TimeToLiveOf(Address address, string option)
    {
        TimeSpan? time = AddressOptions.Duration(address, option);
        return time is null || (time >= ShortestTimeToLive && time <= LongestTimeToLive)
            ? time
            : throw new AddressFormatException(address.Display, $"option '{option}' cannot be this: write 1ms to 24d");
    }

    /// <summary>Returns the properties that all messages of this end have.</summary>
    public BasicProperties NewProperties()
    {
        BasicProperties properties = new() { Persistent = IsDurable };
        if (Priority is { } priority)
        {
            properties.Priority = priority;
        }

        if (Content is { } content)
        {
            properties.ContentType = content;
        }

        if (TimeToLive is { } time)
        {
            properties.Expiration = Bridges.AmqpProperties.MillisecondsOf(time);
        }

        return properties;
    }

    private static BrokerNode NodeOf(Address address, string node, bool isEncrypted)
    {
        string text = Uri.UnescapeDataString(node);
        int colon = text.LastIndexOf(':');
        bool isBareV6 = text.StartsWith('[') && text.EndsWith(']');
        string host = colon < 0 || isBareV6 ? text : text[..colon];
        int port = isEncrypted ? EncryptedPort : PlainPort;
        if (colon >= 0
            && !isBareV6
            && (!int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535))
        {
            throw NoNode(address, text);
        }

        host = host.Trim('[', ']');
        if (host.Length == 0 || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw NoNode(address, text);
        }

        return new BrokerNode(host, port);
    }

    private static AddressFormatException NoNode(Address address, string text)
    {
        // A password with an unescaped slash stands where a port does.
        string node = AddressText.Display(text);
        string shown = address.Display.Contains(node, StringComparison.Ordinal) ? node : "***";
        return new AddressFormatException(
            address.Display, $"'{shown}' is not a node of a broker. Write host or host:port, several with commas.");
    }

    private static bool Flag(Address address, string option) => OneOf(address, option, "false", "true") == "true";

    /// <summary>Returns the value of an option that has two; the first if it is absent.</summary>
    private static string OneOf(Address address, string option, string usual, string other) => address.Option(option) switch
    {
        null => usual,
        { } given when given == usual || given == other => given,
        { } wrong => throw new AddressFormatException(
            address.Display, $"option '{option}' cannot be '{AddressText.Display(wrong)}'. Use {other} or {usual}."),
    };
}

/// <summary>A node of a broker: a host, by name or number, and a port.</summary>
internal readonly record struct BrokerNode(string Host, int Port)
{
    /// <summary>In the form of addresses.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
