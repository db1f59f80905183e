using System.Buffers;
using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Text;
using Fairlead.Framing;

namespace Fairlead.RabbitMQ;

/// <summary>The properties of a message as a field of its head, on the way between an endpoint and its bridge.</summary>
/// <remarks>
/// A sequence of parts: one byte for the number, two bytes of length, and the value. A header's value is one byte for its type, one byte of
/// length, its name, and the value itself. The bytes never leave the process, and are read as carefully as if they did.
/// </remarks>
internal static class PropertiesField
{
    /// <summary>
    /// The most bytes of a field with the properties of a received message: its headers, and other properties that are not UTF-8 at the
    /// broker.
    /// </summary>
    public const int LongestReceived = BrokerProperties.MostBytes + 3072;

    /// <summary>The bytes before each part: number and length.</summary>
    private const int PartHead = 3;

    /// <summary>
    /// Headers of these names send copies of the message to other queues. The broker closes the channel if their values are no lists.
    /// </summary>
    private static readonly string[] RoutingHeaders = ["CC", "BCC"];

    private enum Part : byte
    {
        ContentType = 1,
        MessageId = 2,
        CorrelationId = 3,
        TimeToLive = 4,
        Priority = 5,
        Header = 6,
        Omitted = 7,
    }

    private enum Kind : byte
    {
        Text = 1,
        Number = 2,
        Flag = 3,
        Bytes = 4,
    }

    /// <summary>Returns a head with the properties that a user gives to a send.</summary>
    /// <exception cref="ArgumentException">A property has a value that no message at a broker can have.</exception>
    /// <exception cref="FairleadException">TooLarge.</exception>
    public static byte[] HeadOf(BrokerProperties properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        CheckText(properties.ContentType, nameof(properties.ContentType));
        CheckText(properties.MessageId, nameof(properties.MessageId));
        CheckText(properties.CorrelationId, nameof(properties.CorrelationId));
        if (properties.TimeToLive is { } time && (time < BrokerAddress.ShortestTimeToLive || time > BrokerAddress.LongestTimeToLive))
        {
            throw new ArgumentException("A message at a broker lives 1 ms to 24 days.", nameof(properties));
        }

        if (properties.Headers.Count > BrokerProperties.MostHeaders)
        {
            throw TooMuch($"the message has {properties.Headers.Count} headers, but at most {BrokerProperties.MostHeaders} are possible");
        }

        foreach (string name in properties.Headers.Keys)
        {
            CheckName(name);
        }

        byte[] field = Write(properties, BrokerProperties.MostBytes);
        byte[] head = new byte[PartHead + field.Length];
        HeadWriter writer = new(head);
        writer.Add(HeadField.Properties, field);
        return head;
    }

    /// <summary>Returns the field.</summary>
    /// <param name="properties">The properties.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <exception cref="FairleadException">TooLarge.</exception>
    public static byte[] Write(BrokerProperties properties, int most)
    {
        Writer writer = new(most);
        writer.Add(Part.ContentType, properties.ContentType);
        writer.Add(Part.MessageId, properties.MessageId);
        writer.Add(Part.CorrelationId, properties.CorrelationId);
        if (properties.TimeToLive is { } time)
        {
            writer.Add(Part.TimeToLive, (long)time.TotalMilliseconds);
        }

        if (properties.Priority is { } priority)
        {
            writer.Add(Part.Priority, [priority]);
        }

        if (properties.OmittedHeaders > 0)
        {
            writer.Add(Part.Omitted, properties.OmittedHeaders);
        }

        foreach ((string name, object value) in properties.Headers)
        {
            writer.AddHeader(name, value);
        }

        return writer.ToArray();
    }

    /// <summary>Returns how many bytes a header takes in a field; null if no header can have such a value.</summary>
    public static int? LengthOf(string name, object? value)
    {
        int? length = value switch
        {
            string text => Encoding.UTF8.GetByteCount(text),
            byte[] bytes => bytes.Length,
            long or int => sizeof(long),
            bool => 1,
            _ => null,
        };

        // Beyond the longest field, so no sum overflows.
        length = length > LongestReceived ? LongestReceived : length;
        return PartHead + 2 + Encoding.UTF8.GetByteCount(name) + length;
    }

    /// <summary>Returns the properties that a field holds, up to the first part that is malformed.</summary>
    public static BrokerProperties Read(ReadOnlySpan<byte> field)
    {
        string? contentType = null;
        string? messageId = null;
        string? correlationId = null;
        TimeSpan? timeToLive = null;
        byte? priority = null;
        int omitted = 0;
        Dictionary<string, object>? headers = null;
        while (field.Length >= PartHead)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(field[1..]);
            if (length > field.Length - PartHead)
            {
                break;
            }

            ReadOnlySpan<byte> value = field.Slice(PartHead, length);
            switch ((Part)field[0])
            {
                case Part.ContentType:
                    contentType = Encoding.UTF8.GetString(value);
                    break;
                case Part.MessageId:
                    messageId = Encoding.UTF8.GetString(value);
                    break;
                case Part.CorrelationId:
                    correlationId = Encoding.UTF8.GetString(value);
                    break;
                case Part.TimeToLive when length == sizeof(long) && BinaryPrimitives.ReadInt64BigEndian(value) is >= 0 and <= uint.MaxValue:
                    timeToLive = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadInt64BigEndian(value));
                    break;
                case Part.Priority when length == 1:
                    priority = value[0];
                    break;
                case Part.Omitted when length == sizeof(long):
                    omitted = (int)Math.Clamp(BinaryPrimitives.ReadInt64BigEndian(value), 0, int.MaxValue);
                    break;
                case Part.Header when ReadHeader(value) is var (name, read) && (headers?.Count ?? 0) < BrokerProperties.MostHeaders:
                    (headers ??= new Dictionary<string, object>(StringComparer.Ordinal))[name] = read;
                    break;
            }

            field = field[(PartHead + length)..];
        }

        return new BrokerProperties
        {
            ContentType = contentType,
            MessageId = messageId,
            CorrelationId = correlationId,
            TimeToLive = timeToLive,
            Priority = priority,
            OmittedHeaders = omitted,
            Headers = headers is null ? ReadOnlyDictionary<string, object>.Empty : headers.AsReadOnly(),
        };
    }

    private static (string Name, object Value)? ReadHeader(ReadOnlySpan<byte> part)
    {
        if (part.Length < 2 || part[1] > part.Length - 2)
        {
            return null;
        }

        string name = Encoding.UTF8.GetString(part.Slice(2, part[1]));
        ReadOnlySpan<byte> value = part[(2 + part[1])..];
        object? read = (Kind)part[0] switch
        {
            Kind.Text => Encoding.UTF8.GetString(value),
            Kind.Number when value.Length == sizeof(long) => BinaryPrimitives.ReadInt64BigEndian(value),
            Kind.Flag when value.Length == 1 => value[0] != 0,
            Kind.Bytes => value.ToArray(),
            _ => null,
        };
        return read is null ? null : (name, read);
    }

    private static void CheckText(string? text, string property)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text) is 0 or > BrokerProperties.LongestText)
        {
            throw new ArgumentException(
                $"{property} of a message at a broker has 1 to {BrokerProperties.LongestText} bytes in UTF-8.", property);
        }
    }

    private static void CheckName(string name)
    {
        CheckText(name, "The name of a header");
        if (name.StartsWith(Bridges.Headers.Own, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The header '{name}' is Fairlead's own. Choose another name.", nameof(name));
        }

        if (RoutingHeaders.Contains(name, StringComparer.Ordinal))
        {
            throw new ArgumentException(
                $"The header '{name}' sends copies of the message to other queues. Choose another name.", nameof(name));
        }
    }

    private static FairleadException TooMuch(string what) => new(ErrorCode.TooLarge, what, "Put more into the body of the message.");

    /// <summary>Writes the parts, and refuses those that make the field too long before it allocates memory for them.</summary>
    private sealed class Writer(int most)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        public void Add(Part part, string? text)
        {
            if (text is not null)
            {
                Add(part, Encoding.UTF8.GetBytes(text));
            }
        }

        public void Add(Part part, long number)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(bytes, number);
            Add(part, bytes);
        }

        public void Add(Part part, ReadOnlySpan<byte> value)
        {
            Check(PartHead + value.Length);
            Span<byte> head = stackalloc byte[PartHead];
            head[0] = (byte)part;
            BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)value.Length);
            _bytes.Write(head);
            _bytes.Write(value);
        }

        public void AddHeader(string name, object value)
        {
            if (LengthOf(name, value) is not { } length)
            {
                throw new ArgumentException(
                    $"The header '{name}' is a {value?.GetType().Name ?? "null"}, but a header is a string, long, int, bool or byte[].",
                    nameof(value));
            }

            Check(length);
            byte[] part = new byte[length - PartHead];
            int nameLength = Encoding.UTF8.GetBytes(name, part.AsSpan(2));
            part[1] = (byte)nameLength;
            part[0] = (byte)WriteValue(value, part.AsSpan(2 + nameLength));
            Add(Part.Header, part);
        }

        private static Kind WriteValue(object value, Span<byte> destination)
        {
            switch (value)
            {
                case string text:
                    Encoding.UTF8.GetBytes(text, destination);
                    return Kind.Text;
                case byte[] bytes:
                    bytes.CopyTo(destination);
                    return Kind.Bytes;
                case bool flag:
                    destination[0] = flag ? (byte)1 : (byte)0;
                    return Kind.Flag;
                default:
                    BinaryPrimitives.WriteInt64BigEndian(destination, value is int number ? number : (long)value);
                    return Kind.Number;
            }
        }

        private void Check(int length)
        {
            if (length > most - _bytes.WrittenCount)
            {
                throw TooMuch($"the properties of the message have more than {most} bytes");
            }
        }
    }
}
