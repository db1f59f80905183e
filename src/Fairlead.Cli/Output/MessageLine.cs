using System.Text.Unicode;

namespace Fairlead.Cli.Output;

/// <summary>A received message as a line of JSON.</summary>
internal sealed record MessageLine
{
    /// <summary>The payload, where it is text.</summary>
    public string? Text { get; init; }

    /// <summary>The payload, where it is not.</summary>
    public byte[]? Base64 { get; init; }

    /// <summary>Bytes of the payload.</summary>
    public required int Bytes { get; init; }

    public string? Topic { get; init; }

    /// <summary>Messages that were dropped before this one.</summary>
    public long? Missed { get; init; }

    /// <summary>The client of a hub.</summary>
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
            Pid = message.Peer.ProcessId,
            Peer = message.Peer.ToString(),
        };
    }
}
