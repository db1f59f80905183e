using System.Text.Unicode;

namespace Fairlead.Cli.Output;

/// <summary>A received message as a line of JSON.</summary>
internal sealed record MessageLine
{
    /// <summary>The payload, if it is text.</summary>
    public string? Text { get; init; }

    /// <summary>The payload, if it is not text.</summary>
    public byte[]? Base64 { get; init; }

    /// <summary>The size of the payload in bytes.</summary>
    public required int Bytes { get; init; }

    public string? Topic { get; init; }

    /// <summary>The number of messages that were dropped before this one.</summary>
    public long? Missed { get; init; }

    /// <summary>Its place among all that its publisher has stored.</summary>
    public string? Position { get; init; }

    /// <summary>Whether a work queue delivered it before to a worker that may have read it.</summary>
    public bool? Redelivered { get; init; }

    /// <summary>How many times a work queue has delivered it before.</summary>
    public int? Deliveries { get; init; }

    /// <summary>The number of the client of a hub.</summary>
    public int? Client { get; init; }

    public int? Pid { get; init; }

    public string? Peer { get; init; }

    public static MessageLine Of(Message message)
    {
        var isText = Utf8.IsValid(message.Span);
        return new MessageLine
        {
            Text = isText ? message.Text : null,
            Base64 = isText ? null : message.Span.ToArray(),
            Bytes = message.Length,
            Topic = message.Topic.Length == 0 ? null : message.Topic,
            Missed = message.Missed == 0 ? null : message.Missed,
            Position = message.Position?.ToString(),
            Redelivered = message.Redelivered ? true : null,
            Deliveries = message.Deliveries == 0 ? null : message.Deliveries,
            Pid = message.Peer.ProcessId,
            Peer = message.Peer.ToString(),
        };
    }
}
