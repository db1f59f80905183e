using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Fairlead.Logs;

namespace Fairlead.Cli.Output;

/// <summary>A record of a log as a line of JSON.</summary>
internal sealed record RecordLine
{
    public required long Sequence { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The participant that appended it.</summary>
    public required string Appender { get; init; }

    /// <summary>The record, if it is text.</summary>
    public string? Text { get; init; }

    /// <summary>The record, if it is not text.</summary>
    public byte[]? Base64 { get; init; }

    public required int Bytes { get; init; }

    public static RecordLine Of(LogRecord record)
    {
        bool isText = Utf8.IsValid(record.Span);
        return new RecordLine
        {
            Sequence = record.Sequence,
            Time = record.Time,
            Appender = record.Appender.ToString("x16", CultureInfo.InvariantCulture),
            Text = isText ? Encoding.UTF8.GetString(record.Span) : null,
            Base64 = isText ? null : record.ToArray(),
            Bytes = record.Length,
        };
    }
}
