using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;

namespace Fairlead.Testing;

/// <summary>Makes messages without a link.</summary>
internal static class Handmade
{
    private const int NumberBytes = 16;

    public static (AnswerRecord Record, Message Message) Create(
        MessageHeader header, in HandmadeHead head, ReadOnlySpan<byte> payload, Peer? peer)
    {
        byte[] topic = [];
        if (head.Topic is not null)
        {
            TopicFilter.CheckTopic(head.Topic);
            topic = Encoding.UTF8.GetBytes(head.Topic);
        }

        byte[] body = new byte[topic.Length + (4 * NumberBytes) + payload.Length];
        HeadWriter writer = new(body);
        if (topic.Length > 0)
        {
            writer.Add(HeadField.Topic, topic);
        }

        Add(ref writer, HeadField.Deliveries, head.Deliveries);
        Add(ref writer, HeadField.Missed, head.Missed);
        if (head.Timeout is { } timeout && timeout != Timeout.InfiniteTimeSpan)
        {
            writer.Add(HeadField.Deadline, (ulong)(timeout.Ticks / TimeSpan.TicksPerMicrosecond));
        }

        payload.CopyTo(body.AsSpan(writer.Length));
        header.HeadLength = (ushort)writer.Length;
        header.Length = writer.Length + payload.Length;
        AnswerRecord record = new(peer ?? new Peer { ProcessId = Environment.ProcessId });
        return (record, new Message(MessageCore.Make(record, header, body.AsSpan(0, header.Length))));
    }

    private static void Add(ref HeadWriter writer, HeadField field, long number)
    {
        if (number != 0)
        {
            writer.Add(field, (ulong)number);
        }
    }
}

/// <summary>The fields that stand before the payload.</summary>
internal readonly record struct HandmadeHead(string? Topic, int Deliveries, long Missed, TimeSpan? Timeout);
