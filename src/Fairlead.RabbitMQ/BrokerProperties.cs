using System.Collections.ObjectModel;

namespace Fairlead.RabbitMQ;

/// <summary>The properties that a message at a broker has besides its body: for other programs, and for the broker itself.</summary>
/// <remarks>
/// Give them to a send (<see cref="BrokerMessageExtensions"/>), and read them from a received message with
/// <see cref="BrokerMessageExtensions.BrokerProperties(Message)"/>. Two values are equal if they have the same dictionary of headers and
/// equal other properties.
/// </remarks>
public sealed record BrokerProperties
{
    /// <summary>The most headers of a message.</summary>
    public const int MostHeaders = 64;

    /// <summary>The most bytes of all properties of a message together, with their names.</summary>
    public const int MostBytes = 16 * 1024;

    /// <summary>The most bytes in UTF-8 of an identity, a content type, or the name of a header.</summary>
    public const int LongestText = byte.MaxValue;

    /// <summary>The type of the content, such as <c>application/json</c>; null at a send: as <c>?content=</c> says.</summary>
    public string? ContentType { get; init; }

    /// <summary>The identity of the message.</summary>
    /// <remarks>
    /// Without one, Fairlead chooses it if the address says <c>durable=true</c> or <c>unique=true</c>. With <c>unique=true</c> a receiver
    /// drops a message whose identity it has accepted before.
    /// </remarks>
    public string? MessageId { get; init; }

    /// <summary>The identity of what this message belongs to, for the programs at both ends.</summary>
    /// <remarks>
    /// A message whose sender waits for a receipt or a reply uses the broker's correlation identity for that. This one then travels as the
    /// header <c>fairlead-correlation</c>.
    /// </remarks>
    public string? CorrelationId { get; init; }

    /// <summary>How long the message may wait in a queue before the broker drops it; null at a send: as <c>?ttl=</c> says.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The priority; null at a send: as <c>?priority=</c> says.</summary>
    public byte? Priority { get; init; }

    /// <summary>
    /// The headers by their names. A value is a <see cref="string"/>, a <see cref="long"/>, a <see cref="bool"/> or an array of bytes; at a
    /// send also an <see cref="int"/>, which is received as a <see cref="long"/>.
    /// </summary>
    /// <remarks>Names that begin with <c>fairlead-</c> are Fairlead's own. It shows none of these, and takes none.</remarks>
    public IReadOnlyDictionary<string, object> Headers { get; init; } = ReadOnlyDictionary<string, object>.Empty;

    /// <summary>
    /// The number of headers of a received message that <see cref="Headers"/> does not contain: tables, lists and other types, and those
    /// beyond <see cref="MostHeaders"/> or <see cref="MostBytes"/>.
    /// </summary>
    public int OmittedHeaders { get; internal init; }

    /// <summary>The properties of a message that has none.</summary>
    internal static BrokerProperties None { get; } = new();
}
