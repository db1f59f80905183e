using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>What a link says without credit: receipts, replies and errors, and the small talk of the protocol.</summary>
/// <remarks>Owns nothing: it writes under the link's send lock. Any thread.</remarks>
internal sealed class LinkAnswers
{
    /// <summary>Characters of the reason in a receipt, and in a close.</summary>
    public const int LongestReason = 256;

    /// <summary>Of UTF-8, of one of UTF-16's.</summary>
    public const int MostBytesOfCharacter = 4;

    private const int LongestErrorText = 4096;

    private readonly Link _link;
    private readonly LinkReceiver _receiver;
    private readonly LinkSender _sender;
    private readonly LinkOutput _output;
    private readonly EndpointCore _endpoint;
    private readonly MemoryOutput? _memoryOutput;

    public LinkAnswers(Link link)
    {
        _link = link;
        _receiver = link.Receiving;
        _sender = link.Sending;
        _output = link.Output;
        _endpoint = link.Endpoint;
        _memoryOutput = link.Memory?.Output;
    }

    /// <summary>
    /// Sends a message that needs no credit: receipts, replies, acknowledgements, close. Long payloads are copied. Where one cannot be sent
    /// the link ends: its peer waits for it.
    /// </summary>
    public bool SendControl(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        bool needsPump;
        using (_sender.Hold())
        {
            if (_link.State == LinkState.Down || _output.IsBroken)
            {
                return false;
            }

            try
            {
                _output.Commit(ref header, head, payload);
            }
            catch (Exception exception)
            {
                _link.Fail(exception);
                throw;
            }

            needsPump = Flush();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return true;
    }

    /// <summary>Sends the reply; false when the peer is gone. Replies need no credit, so they never wait behind unread data.</summary>
    public bool SendReply(uint id, ReadOnlySpan<byte> payload)
    {
        _link.Reader.EndStream();
        return TryAnswerShort(MessageKind.Reply, id, payload) || SendControl(MessageHeader.Of(MessageKind.Reply, id), default, payload);
    }

    /// <summary>Sends the reply; false when the peer is gone.</summary>
    public bool SendReply(uint id, in ReadOnlySequence<byte> parts)
    {
        MessageHeader header = MessageHeader.Of(MessageKind.Reply, id);
        bool needsPump;
        using (_sender.Hold())
        {
            if (_sender.CanControl != LinkOutcome.Sent)
            {
                return false;
            }

            _output.CommitParts(ref header, default, parts, 0);
            needsPump = Flush();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return true;
    }

    /// <summary>Answers with an error; code 0 is the handler's own failure.</summary>
    public bool SendError(uint id, ErrorCode code, string text)
    {
        _link.Reader.EndStream();
        byte[] payload = new byte[1 + Math.Min(LongestErrorText, Encoding.UTF8.GetMaxByteCount(text.Length))];
        payload[0] = (byte)code;
        int length = WriteText(text, text.Length, payload.AsSpan(1));
        return SendControl(MessageHeader.Of(MessageKind.Error, id), default, payload.AsSpan(0, 1 + length));
    }

    /// <summary>Says what became of a message whose sender wants to know.</summary>
    public void SendReceipt(uint id, ReceiptStatus status, string? reason)
    {
        Span<byte> payload = stackalloc byte[1 + (LongestReason * MostBytesOfCharacter)];
        payload[0] = (byte)status;
        int length = WriteText(reason, LongestReason, payload[1..]);
        SendControl(MessageHeader.Of(MessageKind.Receipt, id), default, payload[..(1 + length)]);
    }

    /// <summary>
    /// A text for the peer, as far as it goes into the memory, and into what the peer takes behind one byte. Whole characters.
    /// </summary>
    /// <returns>Its bytes.</returns>
    public int WriteText(string? text, int mostCharacters, Span<byte> destination)
    {
        ReadOnlySpan<char> characters = text.AsSpan(0, Math.Min(text?.Length ?? 0, mostCharacters));
        if (destination.Length >= _sender.Window.Longest)
        {
            destination = destination[..(int)Math.Max(0, _sender.Window.Longest - 1)];
        }

        _ = Utf8.FromUtf16(characters, destination, out _, out int written);
        return written;
    }

    /// <summary>
    /// Writes what needed no credit, and pauses where too much of that lies here. Under the send lock. True when somebody must pump for the
    /// rest.
    /// </summary>
    private bool Flush()
    {
        bool needsPump = _output.FlushSoon();
        _link.Pause.BeginIfUnread();
        return needsPump;
    }

    /// <summary>Sends an answer: the same without credit.</summary>
    private bool TryAnswerShort(MessageKind kind, uint id, ReadOnlySpan<byte> payload)
    {
        using (_sender.HoldPlain(NativeThread.ManagedId))
        {
            if (_memoryOutput is not { } output || !_sender.IsPlain)
            {
                return false;
            }

            MessageHeader header = new() { Kind = kind, Length = payload.Length, Id = id, Ack = _receiver.Inbound.Window.Consumed };
            if (!output.TrySend(header, default, payload))
            {
                return false;
            }

            _receiver.Inbound.Window.NoteWritten(header.Ack);
        }

        return true;
    }
}
