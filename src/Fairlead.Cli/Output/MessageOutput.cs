using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Fairlead.Cli.Output;

/// <summary>
/// Writes received messages to stdout: one per line, their bytes only, or one JSON object per line. When a call returns, the kernel has the
/// message.
/// </summary>
/// <param name="isRaw">Whether to write the bytes only.</param>
/// <param name="isJson">Whether to write one object per line.</param>
/// <param name="showsTopic">Whether to print the topic before each message.</param>
/// <param name="isTerminal">Whether a person reads: payloads must not control the terminal.</param>
internal sealed class MessageOutput(bool isRaw, bool isJson, bool showsTopic, bool isTerminal)
{
    private readonly ArrayBufferWriter<byte> _line = new(4096);

    /// <summary>Returns the output for the options of a receiving command.</summary>
    public static MessageOutput Of(bool isRaw, string format, bool showsTopic = false) =>
        new(isRaw, format == "json", showsTopic, isTerminal: !Console.IsOutputRedirected);

    public void Write(Message message) => Write(message.Span, () => MessageLine.Of(message), showsTopic ? message.Topic : null);

    /// <summary>Writes a message; calls <paramref name="describe"/> only if needed.</summary>
    public void Write(ReadOnlySpan<byte> payload, Func<MessageLine> describe, string? topic = null) =>
        Write(payload, () => JsonSerializer.SerializeToUtf8Bytes(describe(), OutputJson.Readable.MessageLine), topic);

    /// <summary>Writes a record of a log.</summary>
    public void Write(ReadOnlySpan<byte> payload, Func<RecordLine> describe) =>
        Write(payload, () => JsonSerializer.SerializeToUtf8Bytes(describe(), OutputJson.Readable.RecordLine), topic: null);

    private void Write(ReadOnlySpan<byte> payload, Func<byte[]> toJson, string? topic)
    {
        if (isRaw)
        {
            StandardOutput.Write(payload);
            return;
        }

        // In one piece: lines of several processes on one pipe stay whole if the kernel keeps them so.
        _line.ResetWrittenCount();
        if (isJson)
        {
            _line.Write(toJson());
        }
        else
        {
            if (topic is not null)
            {
                _line.Write(Encoding.UTF8.GetBytes(VisibleText.OneLine(topic) + " "));
            }

            if (isTerminal)
            {
                _line.Write(Encoding.UTF8.GetBytes(VisibleText.Lines(payload)));
            }
            else
            {
                _line.Write(payload);
            }
        }

        _line.Write("\n"u8);
        StandardOutput.Write(_line.WrittenSpan);
    }
}
