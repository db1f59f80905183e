using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Fairlead.Framing;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Translates the properties of a message between the user's form and AMQP.</summary>
/// <remarks>
/// The client has decoded a received message before this sees it. Tables and lists within it are not followed, so their depth costs nothing
/// here.
/// </remarks>
internal static class AmqpProperties
{
    /// <summary>Returns the properties that the user's end has given to a message; null if it has given none.</summary>
    public static BrokerProperties? GivenTo(ReadOnlySpan<byte> head) =>
        HeadReader.TryGet(head, HeadField.Properties, out ReadOnlySpan<byte> field) ? PropertiesField.Read(field) : null;

    /// <summary>Adds what the user has given.</summary>
    public static void AddTo(BasicProperties properties, BrokerProperties given)
    {
        properties.ContentType = given.ContentType ?? properties.ContentType;
        properties.MessageId = given.MessageId ?? properties.MessageId;
        properties.CorrelationId = given.CorrelationId ?? properties.CorrelationId;
        properties.Expiration = given.TimeToLive is { } time ? MillisecondsOf(time) : properties.Expiration;
        if (given.Priority is { } priority)
        {
            properties.Priority = priority;
        }

        if (given.Headers.Count > 0)
        {
            // A text and an array of bytes are different types for other programs, too.
            properties.Headers = given.Headers.ToDictionary(
                static header => header.Key,
                static header => header.Value is byte[] bytes ? new BinaryTableValue(bytes) : (object?)header.Value);
        }
    }

    /// <summary>Makes the correlation identity of a message that of its answer. The user's own one becomes a header.</summary>
    public static void ExpectAnswer(BasicProperties properties, string replyTo, string id)
    {
        if (properties.CorrelationId is { } own)
        {
            SetHeader(properties, Headers.Correlation, own);
        }

        properties.ReplyTo = replyTo;
        properties.CorrelationId = id;
    }

    /// <summary>Sets one of Fairlead's own headers.</summary>
    public static void SetHeader(BasicProperties properties, string name, object value) =>
        (properties.Headers ??= new Dictionary<string, object?>())[name] = value;

    /// <summary>Returns a time to live as the broker reads it.</summary>
    public static string MillisecondsOf(TimeSpan time) =>
        ((long)Math.Max(1, time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns the head field for the user's end; empty if the message has no properties.</summary>
    public static byte[] FieldOf(IReadOnlyBasicProperties properties)
    {
        BrokerProperties? given = Of(properties);
        return given is null ? [] : PropertiesField.Write(given, PropertiesField.LongestReceived);
    }

    private static BrokerProperties? Of(IReadOnlyBasicProperties properties)
    {
        string? correlationId = properties.ReplyTo is null ? properties.CorrelationId : TextOf(properties, Headers.Correlation);
        bool hasAny = properties.IsContentTypePresent()
            || properties.IsMessageIdPresent()
            || properties.IsExpirationPresent()
            || properties.IsPriorityPresent()
            || properties.Headers is { Count: > 0 }
            || correlationId is not null;
        if (!hasAny)
        {
            return null;
        }

        Dictionary<string, object> headers = new(StringComparer.Ordinal);
        BrokerProperties given = new()
        {
            ContentType = properties.IsContentTypePresent() ? properties.ContentType : null,
            MessageId = properties.IsMessageIdPresent() ? properties.MessageId : null,
            CorrelationId = correlationId,
            TimeToLive = TimeToLiveOf(properties),
            Priority = properties.IsPriorityPresent() ? properties.Priority : null,
            Headers = headers,
        };
        return properties.Headers is null ? given : given with { OmittedHeaders = AddHeaders(properties.Headers, headers) };
    }

    /// <summary>Adds the headers that a user can have, as long as there is room.</summary>
    /// <returns>The number of the others.</returns>
    private static int AddHeaders(IDictionary<string, object?> received, Dictionary<string, object> headers)
    {
        int left = BrokerProperties.MostBytes;
        int omitted = 0;
        foreach ((string name, object? value) in received)
        {
            if (name.StartsWith(Headers.Own, StringComparison.Ordinal))
            {
                continue;
            }

            object? read = ValueOf(value);
            int? length = PropertiesField.LengthOf(name, read);
            if (length is null || length > left || headers.Count == BrokerProperties.MostHeaders || !IsName(name))
            {
                omitted++;
                continue;
            }

            left -= length.Value;
            headers[name] = read!;
        }

        return omitted;
    }

    /// <summary>A name that is not UTF-8 at the broker may be longer here.</summary>
    private static bool IsName(string name) => Encoding.UTF8.GetByteCount(name) <= BrokerProperties.LongestText;

    private static object? ValueOf(object? value) => value switch
    {
        // AMQP has one type for texts and other bytes.
        byte[] bytes => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : bytes,
        BinaryTableValue { Bytes: var bytes } => bytes,
        string or bool or long => value,
        int number => (long)number,
        uint number => (long)number,
        short number => (long)number,
        ushort number => (long)number,
        byte number => (long)number,
        sbyte number => (long)number,
        AmqpTimestamp time => time.UnixTime,
        _ => null,
    };

    private static string? TextOf(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out object? value) == true
        && value is byte[] { Length: > 0 and <= BrokerProperties.LongestText } text
            ? Encoding.UTF8.GetString(text)
            : null;

    /// <summary>Returns the time to live; null if it is absent or no number of milliseconds.</summary>
    private static TimeSpan? TimeToLiveOf(IReadOnlyBasicProperties properties) =>
        properties.IsExpirationPresent()
        && uint.TryParse(properties.Expiration, NumberStyles.None, CultureInfo.InvariantCulture, out uint milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
}
