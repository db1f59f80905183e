using System.Text;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// The end. A side that closes says so in a frame behind its last message. Said by an endpoint that closes, that frame is final: what it
/// has acknowledged by then it has handed to its user, and nothing more will be. Then both wait: the one that closes until its messages are
/// acknowledged and its answers written, the other until its user has taken everything and has answered what he has in hand.
/// </content>
internal sealed partial class Link
{
    private CloseHandshake _close;

    /// <summary>The error behind a link that went down because of one; a caller that connects gets it as it is.</summary>
    public FairleadException? Failure { get; private set; }

    /// <summary>The endpoint closes: takes nothing new, and says so to the peer behind those who wait for credit already.</summary>
    public void BeginClose()
    {
        using (HoldSending())
        {
            _close.Stop();
            try
            {
                CloseIfDue();
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }
    }

    /// <summary>
    /// Nothing more will be sent, which a peer without the protocol is told by the end of the stream, behind all that was sent. Receiving
    /// goes on. Any thread.
    /// </summary>
    public void EndSending()
    {
        bool needsPump;
        using (HoldSending())
        {
            _close.Stop();
            _close.IsEndOfStreamDue = true;
            EndSendingIfDue();
            needsPump = _close.IsEndOfStreamDue;
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>The endpoint ends now: the last word to the peer, as far as it goes without waiting.</summary>
    public void SayGoodbye()
    {
        using (HoldSending())
        {
            _close.Stop();
            if (_state is LinkState.Up or LinkState.PeerClosed && !IsBare && !_close.HasSaid)
            {
                WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
            }
            else if (IsBare && !IsBlocked)
            {
                FlushNow();
            }
        }
    }

    /// <summary>
    /// Whether nothing is on its way any more, in either direction; writes what lies there. By the pump of an endpoint that closes.
    /// </summary>
    public bool IsDrained
    {
        get
        {
            using (HoldSending())
            {
                return _state == LinkState.Down
                    || (_queued.Count == 0 && _window.Outstanding == 0 && !IsSeated && _calls.Count == 0 && !_inHand.Any && IsWrittenOut());
            }
        }
    }

    /// <summary>
    /// After the peer's close, when everything that it sent has been handed out and answered: acknowledges the last and goes down. What the
    /// peer has in hand of this side may still be answered; then the peer ends the connection. By the pump, which looks at each turn.
    /// </summary>
    public void EndIfPeerClosed(Completions completions)
    {
        if (_state != LinkState.PeerClosed)
        {
            return;
        }

        // In this order: a message that is handed out meanwhile leaves the one only when it is in the other.
        bool hasUnread = !_endpoint.Receivers.HasNoInbound(this);
        if (_inHand.Any || (hasUnread && !_endpoint.IsClosing))
        {
            return;
        }

        Acknowledge();
        using (HoldSending())
        {
            // What lies here unread is handed out to nobody when this side has said its last word, too.
            if ((hasUnread && !_close.HasSaid) || (_close.IsFinal && _calls.Count > 0) || !IsWrittenOut())
            {
                return;
            }
        }

        GoDown(_close.EndInOrder(), completions);
    }

    /// <summary>The link is over: everything that waits on it ends, whatever is thrown on the way. By the pump.</summary>
    public void GoDown(LinkEnd end, Completions completions)
    {
        using (HoldSending())
        {
            if (_state == LinkState.Down)
            {
                return;
            }

            Do(GiveSeatBack);
            long unwritten = 0;
            Do(() => unwritten = Unwritten);
            End = end = end with { Sent = _window.Sent, Acknowledged = _window.Read, Peer = Peer, Unwritten = unwritten };
            _state = LinkState.Down;
            Do(() => CompleteWriting(completions));
            if (_flushing.Any)
            {
                Do(() => _flushing.End(_endpoint.Presence.EndException(this)));
            }

            Do(Unblock);
            Do(Unpause);
            Do(() => NotePart(false));
            Do(() => EndCalls(end, completions));
            Do(() => EndQueued(completions));
            End = end = end with { Unsent = _unsent };
        }

        Do(() => _handshakeTimer?.Dispose());
        Do(() => _heartbeat?.Stop());
        Do(() => _slowPacer?.Dispose());
        Do(() => _lingerTimer?.Dispose());
        Do(CancelActive);
        Do(() => _endpoint.OnDown(this, end, completions));
        Do(() => _endpoint.Pump.Memory.GiveBack(this));

        static void Do(Action step) => Finishing.Do("a connection's end", step);
    }

    /// <summary>Ends the connection that has gone down. By the endpoint.</summary>
    public void GiveBack()
    {
        using (HoldSending())
        {
            _connection.Dispose();
        }
    }

    /// <summary>Whether the peer said that it closes in order, and of its own accord.</summary>
    public bool HasPeerClosed => (_close.TheirReason ?? End?.Reason) == CloseReason.ClosedByPeer;

    /// <summary>
    /// Whether nobody waits any more for the answers to what lies here unread, although its senders live: this side ended the link.
    /// </summary>
    public bool WasEndedHere => _close.IsKilled || Failure is not null;

    /// <summary>The peer sends no more.</summary>
    private void OnClose(in Incoming message, Completions completions)
    {
        ReadOnlySpan<byte> payload = message.Payload.Span;
        using (HoldSending())
        {
            CompleteWriting(completions);
            _endpoint.Counters.AddMissed(_missed.HearBehind(message.Head));
            _close.Hear(
                payload.Length > 0 ? ReasonOf(payload[0]) : CloseReason.ClosedByPeer,
                payload.Length > 1 ? PlainText.OneLine(Encoding.UTF8.GetString(payload[1..])) : null,
                isFinal: (message.Header.Flags & MessageFlags.Final) != 0);
            _state = LinkState.PeerClosed;
            if (_close.IsFinal)
            {
                foreach (LinkOperation call in _calls
                    .InOrder()
                    .Where(call => call != _writing && call.Header.Kind.IsData() && !IsAcknowledged(call)))
                {
                    _calls.Remove(call.Header.Id);
                    EndCall(call, wasRead: false, completions);
                }
            }

            EndQueued(completions);

            // Nothing waits before the last word of this side any more.
            CloseIfDue();
        }

        if (HasMoving)
        {
            _endpoint.Placement.Move(this);
        }
    }

    /// <summary>A reason that only this side could have, or that a later version has, is the peer's own affair: it closed.</summary>
    private static CloseReason ReasonOf(byte reason) =>
        (CloseReason)reason is CloseReason.ProtocolError or CloseReason.Heartbeat or CloseReason.SlowConsumer or CloseReason.Limit
            ? (CloseReason)reason
            : CloseReason.ClosedByPeer;

    /// <summary>The connection has ended.</summary>
    private void OnEnd(bool isOrderly, Completions completions)
    {
        using (HoldSending())
        {
            // A reset is told once: where a write has had it, the next read finds an end that looks like an orderly one, and of what the
            // peer wrote some may be lost.
            isOrderly &= !IsBroken;
        }

        bool isLocal = (_connection.Capabilities & TransportCapabilities.CrossHost) == 0;
        LinkEnd end = _close.EndOf(IsBare, _state == LinkState.Handshaking, isOrderly, isLocal, _connection.HasPart);
        GoDown(end, completions);
    }

    private bool IsAcknowledged(LinkOperation call) => call.Header.Kind.IsData() && _window.IsAcknowledged(call.Number);

    private void EndCalls(LinkEnd end, Completions completions)
    {
        LinkOperation? halfWritten = _writing;
        if (_writing is { } writing)
        {
            DetachLong();
            _writing = null;
            if (!writing.WantsAnswer)
            {
                Finish(writing, LinkOutcome.PeerGone, completions);
            }
        }

        foreach (LinkOperation call in _calls.InOrder())
        {
            // What the peer has not acknowledged it has not handed out: of type 2 messages that holds whenever all of its words have been
            // read, since it acknowledges each before; of the others only when it closed in order.
            bool isKnownUnread = call == halfWritten
                || _window.IsHalfWritten(call.Header.Id)
                || (!IsAcknowledged(call) && (end.IsExact || (end.HasReadAll && call.Header.Kind == MessageKind.Deliver)));
            EndCall(call, wasRead: !isKnownUnread, completions);
        }

        _calls.Clear();
    }

    private void EndCall(LinkOperation call, bool wasRead, Completions completions)
    {
        if (call.Header.Kind == MessageKind.Request && MayMove(call, wasRead))
        {
            call.MayHaveBeenRead |= wasRead;
            SetMoving(call);
            return;
        }

        call.At = LinkOperation.Stage.Ended;
        if (call.TryComplete(call.Unanswered(LinkOutcome.PeerGone, this, wasSent: true, wasRead)))
        {
            completions.Add(call);
        }
    }

    private void EndQueued(Completions completions)
    {
        while (_queued.Count > 0)
        {
            if (_queued.First is { IsLeft: true } left && MayMove(left, wasRead: false))
            {
                SetMoving(_queued.Dequeue());
                if (_queued.Count == 0)
                {
                    _missedMoving += _queued.TakeMissed();
                }

                continue;
            }

            LinkOperation operation = _queued.DequeueUnsent();
            if (operation.IsLeft)
            {
                _unsent++;
                _queued.AddMissed(1);
            }

            EndUnsent(operation, completions);
        }
    }

    /// <summary>Writes what lies there; whether nothing is left.</summary>
    private bool IsWrittenOut()
    {
        if (IsBroken)
        {
            return true;
        }

        if (!IsBlocked && (_connection.Unflushed > 0 || _connection.HasLong))
        {
            FlushNow();
        }

        return IsBroken || (_connection.Unflushed == 0 && !_connection.HasLong);
    }

    /// <summary>Says goodbye as soon as the last of those who wait for credit has got away. Under <c>_sending</c>.</summary>
    private void CloseIfDue()
    {
        if (_close.IsWordDue && _queued.Count == 0 && !IsBare && _state is LinkState.Up or LinkState.PeerClosed)
        {
            WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
        }
    }

    private void EndSendingIfDue()
    {
        if (_close.IsEndOfStreamDue && _queued.Count == 0 && IsWrittenOut())
        {
            _close.IsEndOfStreamDue = false;
            _connection.EndSending();
        }
    }

    private void WriteClose(CloseReason reason, string? text, MessageFlags flags)
    {
        // What stands in the broadcast ring comes before the last word.
        LeaveSeat();
        Span<byte> payload = stackalloc byte[1 + (LongestReason * MostBytesOfCharacter)];

        // The words are the reader's: what this side does, the peer did.
        payload[0] = (byte)(reason is CloseReason.ClosedByUs or CloseReason.Aborted ? CloseReason.ClosedByPeer : reason);
        int length = WriteText(text, LongestReason, payload[1..]);
        _close.NoteSaid();
        MessageHeader header = MessageHeader.Of(MessageKind.Close, flags: flags);

        // What never leaves is missed too: the peer hears the whole number with the last word.
        Commit(ref header, default, payload[..(1 + length)], Takes(1 + length + MissedBytes) ? _queued.MissedInAll : 0);
        FlushNow();
    }
}
