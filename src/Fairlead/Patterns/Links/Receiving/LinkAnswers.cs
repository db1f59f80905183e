using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Fairlead.Framing;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>Sends the messages of a link that need no credit: receipts, replies, errors, and control messages.</summary>
/// <remarks>Owns nothing: it writes under the link's send lock. Any thread.</remarks>
internal sealed class LinkAnswers
{
    /// <summary>The most characters of the reason in a receipt or a close.</summary>
    public const int LongestReason = 256;

    /// <summary>The most bytes in UTF-8 per UTF-16 character.</summary>
    public const int MostBytesOfCharacter = 4;

    private const int LongestErrorText = 4096;

    private readonly PeerLink _link;
    private readonly ReceiveSide _receiver;
    private readonly LinkSender _sender;
    private readonly LinkOutput _output;
    private readonly ReadPause _pause;
    private readonly Pump _pump;
    private readonly MemoryOutput? _memoryOutput;
    private readonly MemoryInput? _memoryInput;

    /// <param name="link">The link.</param>
    /// <param name="receiver">The receiving side.</param>
    /// <param name="sender">The sending side.</param>
    /// <param name="pause">Learns of answers that the peer has not read.</param>
    public LinkAnswers(PeerLink link, ReceiveSide receiver, LinkSender sender, ReadPause pause)
    {
        _link = link;
        _receiver = receiver;
        _sender = sender;
        _output = sender.Output;
        _pause = pause;
        _pump = link.Endpoint.Pump;
        _memoryOutput = link.Memory?.Output;
        _memoryInput = link.Memory?.Input;
    }

    /// <summary>Sends a message that needs no credit, and copies its payload. Returns false if the link is down.</summary>
    /// <remarks>If sending fails, the link ends, because its peer waits for the message.</remarks>
    public bool SendControl(MessageHeader header, ReadOnlySpan<byte> head, in OutgoingPayload payload)
    {
        bool needsPump;
        using (_sender.Hold())
        {
            if (_link.State == LinkState.Down || _output.IsBroken || _link.Fault is not null)
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
            _pump.Request();
        }

        return true;
    }

    /// <summary>Sends a reply. Returns false if the peer is gone. Replies need no credit, so they never wait behind unread data.</summary>
    public bool SendReply(uint id, ReadOnlySpan<byte> payload)
    {
        _receiver.EndStream();
        return _link.Inner?.TryAnswer(MessageKind.Reply, id, payload) == true
            || TryAnswerDirect(MessageKind.Reply, id, payload)
            || SendControl(MessageHeader.Of(MessageKind.Reply, id), default, payload);
    }

    /// <summary>Sends a reply of several buffers. Returns false if the peer is gone.</summary>
    public bool SendReply(uint id, in ReadOnlySequence<byte> parts) => SendControl(MessageHeader.Of(MessageKind.Reply, id), default, parts);

    /// <summary>Answers with an error. Code 0 is the handler's own failure.</summary>
    public bool SendError(uint id, ErrorCode code, string text)
    {
        _receiver.EndStream();
        byte[] payload = new byte[1 + Math.Min(LongestErrorText, Encoding.UTF8.GetMaxByteCount(text.Length))];
        payload[0] = (byte)code;
        int length = WriteText(text, text.Length, payload.AsSpan(1));
        return SendControl(MessageHeader.Of(MessageKind.Error, id), default, payload.AsSpan(0, 1 + length));
    }

    /// <summary>Sends the outcome of a message to a sender that waits for it. Called without locks.</summary>
    public void SendReceipt(uint id, ReceiptStatus status, string? reason) => SendReceipt(id, status, reason, _link.Inner);

    /// <summary>Does the same for the pump, which does not do the work of another end.</summary>
    public void SendReceiptOfPump(uint id, ReceiptStatus status, string? reason) => SendReceipt(id, status, reason, inner: null);

    private void SendReceipt(uint id, ReceiptStatus status, string? reason, InnerWay? inner)
    {
        Span<byte> payload = stackalloc byte[1 + (LongestReason * MostBytesOfCharacter)];
        payload[0] = (byte)status;
        payload = payload[..(1 + WriteText(reason, LongestReason, payload[1..]))];
        if (inner?.TryAnswer(MessageKind.Receipt, id, payload) != true)
        {
            SendControl(MessageHeader.Of(MessageKind.Receipt, id), default, payload);
        }
    }

    /// <summary>Writes a text for the peer, cut to the memory and to the peer's longest message minus one byte. Whole characters
    /// only.</summary>
    /// <returns>The number of bytes written.</returns>
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

    /// <summary>Writes messages that needed no credit, and pauses reading if too much output is unread. Under the send lock.</summary>
    /// <remarks>Returns true if a thread must pump for the rest.</remarks>
    private bool Flush()
    {
        bool needsPump = _output.FlushSoon();
        _pause.BeginIfUnread();
        return needsPump;
    }

    /// <summary>Tries to send an answer by the fast path, without credit.</summary>
    private bool TryAnswerDirect(MessageKind kind, uint id, ReadOnlySpan<byte> payload)
    {
        using (_sender.HoldPlain(NativeThread.ManagedId))
        {
            if (_memoryOutput is not { } output || !_sender.Limits.IsPlain)
            {
                return false;
            }

            MessageHeader header = new() { Kind = kind, Length = payload.Length, Id = id, Ack = _receiver.ReceiveQueue.Window.Consumed };

            // Behind the last request that this end has seen, the peer may wait for the replies.
            bool holdsBack = _output.HoldsBack(LinkOutput.PublishedTogether, moreFollow: !_memoryInput!.IsDrained);
            if (!output.TrySend(header, default, payload, holdsBack))
            {
                return false;
            }

            _receiver.ReceiveQueue.Window.NoteWritten(header.Ack);
        }

        return true;
    }
}
