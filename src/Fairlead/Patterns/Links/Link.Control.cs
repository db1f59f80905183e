using System.Text;
using System.Text.Unicode;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What each kind of message does that arrives.</content>
internal sealed partial class Link
{
    // Of a receipt, and of a close.
    private const int LongestReason = 256;
    private const int MostBytesOfCharacter = 4;

    private void Handle(ref Incoming message, Completions completions)
    {
        ref MessageHeader header = ref message.Header;
        if (_state == LinkState.Handshaking)
        {
            Incoming handshake = message;
            try
            {
                Shake(handshake.Header, handshake.Body.Span, completions);
            }
            finally
            {
                handshake.Release();
            }

            return;
        }

        if (!IsBare)
        {
            OnAck(header.Ack, completions);
        }

        if (header.Kind.IsData())
        {
            try
            {
                CheckData(message);
                if ((header.Flags & MessageFlags.Handle) != 0 && _endpoint.Settings.Handles > 0)
                {
                    _handles.CountIn();
                }
            }
            catch
            {
                // A file that came with it is closed now, not when the collector comes by.
                message.Release();
                throw;
            }

            if (header.HeadLength > 0)
            {
                _endpoint.Counters.AddMissed(_missed.HearBefore(message.Head));
            }

            _inbound.Add(message);
            return;
        }

        Incoming control = message;
        try
        {
            HandleControl(ref control, completions);
        }
        finally
        {
            control.Release();
        }
    }

    /// <summary>Releases nothing: what is kept is cleared in <paramref name="message"/>.</summary>
    private void HandleControl(ref Incoming message, Completions completions)
    {
        switch (message.Header.Kind)
        {
            case MessageKind.Receipt:
            case MessageKind.Reply:
            case MessageKind.Error:
                OnAnswer(ref message, completions);
                break;
            case MessageKind.Cancel:
                OnCancel(message.Header.Id, (message.Header.Flags & MessageFlags.Recall) != 0);
                break;
            case MessageKind.Subscribe:
            case MessageKind.Unsubscribe:
                OnSubscription(message);
                break;
            case MessageKind.Ack:
                _endpoint.Counters.AddMissed(_missed.HearBehind(message.Head));
                break;
            case MessageKind.Pong:
                break;
            case MessageKind.Ping:
                SendControl(MessageHeader.Of(MessageKind.Pong), default, default);
                break;
            case MessageKind.Close:
                PublishArrived(completions);
                OnClose(message, completions);
                break;
            default:
                // Kinds of a later version that matter are agreed on in the handshake; others may be passed over.
                throw new FairleadException(ErrorCode.Corrupt, $"the peer sent a message of the unknown kind {(byte)message.Header.Kind}");
        }
    }

    private void CheckData(in Incoming message)
    {
        MessageKind kind = message.Header.Kind;
        if (!_endpoint.Profile.Accepts(kind))
        {
            throw new FairleadException(
                ErrorCode.Corrupt, $"the peer sent a {kind} message, which a {_endpoint.Profile.Name} does not take");
        }

        if (PeerPattern is PatternKind.Receiver or PatternKind.Subscriber)
        {
            throw new FairleadException(ErrorCode.Corrupt, $"the peer sent a {kind} message, and a {PeerPattern} sends none");
        }

        if (!HeadReader.IsWellFormed(message.Head, out string? problem))
        {
            throw new FairleadException(ErrorCode.Corrupt, problem);
        }

        if (kind == MessageKind.Publish && !HeadReader.HasTopic(message.Head))
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                $"the peer published a message without a topic, or with one of more than {HeadReader.LongestTopic} bytes");
        }

        if (IsBare)
        {
            return;
        }

        if (_state != LinkState.Up)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent a message after it had closed");
        }

        _inbound.Check(message.Header.Length);
    }

    private void OnAck(uint acknowledged, Completions completions)
    {
        if (acknowledged == _window.Acknowledged)
        {
            return;
        }

        using (HoldSending())
        {
            if (_seat is not null && _window.IsOld(acknowledged))
            {
                // It has been overtaken by what the peer said in memory.
                return;
            }

            if (IsSeated)
            {
                AcknowledgeSeat(acknowledged);
                _hasNewCredit = true;
                ServeQueued(completions);
                return;
            }

            _window.Acknowledge(acknowledged);
            _handles.Acknowledge(acknowledged);
            _hasNewCredit = true;
            ServeQueued(completions);
        }
    }

    private void OnAnswer(ref Incoming message, Completions completions)
    {
        using (HoldSending())
        {
            CompleteWriting(completions);

            // Answers to calls whose callers have gone are dropped here.
            if (_calls.TryGet(message.Header.Id, out LinkOperation? call))
            {
                // Judged before it is taken out: a call whose answer is refused ends with its link.
                if (_writing == call || _window.IsHalfWritten(message.Header.Id))
                {
                    throw new FairleadException(ErrorCode.Corrupt, "the peer answered a message that it cannot have read yet");
                }

                bool isReceipt = message.Header.Kind == MessageKind.Receipt;
                if (isReceipt == (call.Header.Kind == MessageKind.Request))
                {
                    throw new FairleadException(ErrorCode.Corrupt, $"the peer answered a {call.Header.Kind} with a {message.Header.Kind}");
                }

                _calls.Remove(message.Header.Id);
                bool isTakenBack = isReceipt && message.Payload.Length > 0 && message.Payload.Span[0] == (byte)ReceiptStatus.TakenBack;
                call.At = LinkOperation.Stage.Ended;
                if (call.TryComplete(
                    new LinkResult
                    {
                        Outcome = LinkOutcome.Answered,
                        Link = this,
                        WasSent = true,
                        WasRead = !isTakenBack,
                        Answer = message,
                    }))
                {
                    message.Lease = null;
                    completions.Add(call);
                }
            }
        }
    }

    private void OnSubscription(in Incoming message)
    {
        if (!Utf8.IsValid(message.Payload.Span))
        {
            SendReceipt(message.Header.Id, ReceiptStatus.NotDelivered, "the topic is not UTF-8");
            return;
        }

        string topic = Encoding.UTF8.GetString(message.Payload.Span);
        string? refusal = _endpoint.Owner.OnSubscription(this, topic, message.Header.Kind == MessageKind.Subscribe);
        SendReceipt(message.Header.Id, refusal is null ? ReceiptStatus.Accepted : ReceiptStatus.NotDelivered, refusal);
    }

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
    private int WriteText(string? text, int mostCharacters, Span<byte> destination)
    {
        ReadOnlySpan<char> characters = text.AsSpan(0, Math.Min(text?.Length ?? 0, mostCharacters));
        if (destination.Length >= _window.Longest)
        {
            destination = destination[..(int)Math.Max(0, _window.Longest - 1)];
        }

        _ = Utf8.FromUtf16(characters, destination, out _, out int written);
        return written;
    }
}
