using System.Text;
using System.Text.Unicode;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Receiving;

/// <content>Handling each kind of message that arrives.</content>
internal sealed partial class LinkReceiver
{
    private void Handle(ref Incoming message, Completions completions)
    {
        ref MessageHeader header = ref message.Header;
        if (_link.State == LinkState.Handshaking)
        {
            try
            {
                _owner.OnHandshake(header, message.Body.Span, completions);
            }
            finally
            {
                message.Release();
            }

            return;
        }

        if (!_link.IsRaw)
        {
            _hasNewCredit |= _sender.OnAck(header.Ack, completions);
        }

        if (header.Kind.IsData())
        {
            try
            {
                CheckData(message);
                if ((header.Flags & MessageFlags.Handle) != 0 && _endpoint.Settings.Handles > 0)
                {
                    _link.HandleWindow.CountIn();
                }
            }
            catch
            {
                // Close a file that came with the message now, instead of at the next garbage collection.
                message.Release();
                throw;
            }

            if (header.HeadLength > 0)
            {
                _endpoint.Counters.AddMissed(_missed.HearBefore(message.Head));
                if (header.Kind == MessageKind.Publish
                    && HeadReader.TryGet(message.Head, HeadField.Position, out ReadOnlySpan<byte> place)
                    && PublishedPosition.Read(place) is { } position)
                {
                    _owner.OnPosition(position);
                }
            }

            ReceiveQueue.Add(message);
            return;
        }

        try
        {
            HandleControl(ref message, completions);
        }
        finally
        {
            message.Release();
        }
    }

    /// <summary>Handles a control message. Releases nothing; takes out of <paramref name="message"/> what is kept.</summary>
    private void HandleControl(ref Incoming message, Completions completions)
    {
        switch (message.Header.Kind)
        {
            case MessageKind.Receipt:
            case MessageKind.Reply:
            case MessageKind.Error:
                _calls.OnAnswer(ref message, completions);
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
                _answers.SendControl(MessageHeader.Of(MessageKind.Pong), default, default);
                break;
            case MessageKind.Close:
                PublishArrived(completions);
                _owner.OnClose(message, completions);
                break;
            default:
                // The handshake agrees on kinds of later versions that must be understood; others may be skipped.
                throw new FairleadException(ErrorCode.Corrupt, $"the peer sent a message of the unknown kind {(byte)message.Header.Kind}");
        }
    }

    private void CheckData(in Incoming message)
    {
        MessageKind kind = message.Header.Kind;
        if (!_endpoint.Profile.Accepts(kind))
        {
            throw new FairleadException(
                ErrorCode.Corrupt, $"the peer sent a {kind} message, which a {_endpoint.Profile.Name} does not accept");
        }

        if (_link.PeerPattern is PatternKind.Receiver or PatternKind.Subscriber)
        {
            throw new FairleadException(ErrorCode.Corrupt, $"the peer sent a {kind} message, which a {_link.PeerPattern} must not send");
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

        if (_link.IsRaw)
        {
            return;
        }

        if (_link.State != LinkState.Up)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent a message after it had closed");
        }

        ReceiveQueue.Check(message.Header.Length);
    }

    private void OnSubscription(in Incoming message)
    {
        if (!Utf8.IsValid(message.Payload.Span))
        {
            _answers.SendReceiptOfPump(message.Header.Id, ReceiptStatus.NotDelivered, "the topic is not UTF-8");
            return;
        }

        string topic = Encoding.UTF8.GetString(message.Payload.Span);
        bool subscribes = message.Header.Kind == MessageKind.Subscribe;
        if (_owner.TrySubscribe(message.Header.Id, topic, subscribes, message.Head, out string? refusal))
        {
            _answers.SendReceiptOfPump(message.Header.Id, refusal is null ? ReceiptStatus.Accepted : ReceiptStatus.NotDelivered, refusal);
        }
    }

    /// <summary>The drops behind the last message that the peer has reported, and that its next message repeats.</summary>
    public long MissedBehind => _missed.HeardBehind;

    /// <summary>Lets the first message repeat what was reported behind the last one of the connection before.</summary>
    public void ExpectMissedRepeated(long heardBehind) => _missed.ExpectRepeated(heardBehind);

    /// <summary>Counts the messages that the peer dropped behind its last one, from its final message.</summary>
    public void HearMissedBehind(in Incoming message) => _endpoint.Counters.AddMissed(_missed.HearBehind(message.Head));
}
