using System.Text;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>
/// The end. A side that closes says so in a frame behind its last message. Said by an endpoint that closes, that frame is final: what it
/// has acknowledged by then it has handed to its user, and nothing more will be. Then both wait: the one that closes until its messages are
/// acknowledged and its answers written, the other until its user has taken everything and has answered what he has in hand.
/// </content>
internal sealed partial class Link
{
    private CloseHandshake _close;

    /// <summary>What both sides have said. Under the send lock.</summary>
    public ref CloseHandshake Close => ref _close;

    /// <summary>The error behind a link that went down because of one; a caller that connects gets it as it is.</summary>
    public FairleadException? Failure { get; private set; }

    /// <summary>The endpoint closes: takes nothing new, and says so to the peer behind those who wait for credit already.</summary>
    public void BeginClose()
    {
        using (Sending.Hold())
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
        using (Sending.Hold())
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
        using (Sending.Hold())
        {
            _close.Stop();
            if (_state is LinkState.Up or LinkState.PeerClosed && !IsBare && !_close.HasSaid)
            {
                WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
            }
            else if (IsBare && !Output.IsBlocked)
            {
                Output.FlushNow();
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
            using (Sending.Hold())
            {
                return _state == LinkState.Down
                    || (Sending.Queue.Count == 0
                        && Sending.Window.Outstanding == 0
                        && !Place.IsSeated
                        && Calls.Pending.Count == 0
                        && !Receiving.InHand.Any
                        && Output.IsWrittenOut());
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
        if (Receiving.InHand.Any || (hasUnread && !_endpoint.IsClosing))
        {
            return;
        }

        Receiving.Acknowledge();
        using (Sending.Hold())
        {
            // What lies here unread is handed out to nobody when this side has said its last word, too.
            if ((hasUnread && !_close.HasSaid) || (_close.IsFinal && Calls.Pending.Count > 0) || !Output.IsWrittenOut())
            {
                return;
            }
        }

        GoDown(_close.EndInOrder(), completions);
    }

    /// <summary>The link is over: everything that waits on it ends, whatever is thrown on the way. By the pump.</summary>
    public void GoDown(LinkEnd end, Completions completions)
    {
        using (Sending.Hold())
        {
            if (_state == LinkState.Down)
            {
                return;
            }

            Do(Place.GiveBack);
            long unwritten = 0;
            Do(() => unwritten = Output.Unwritten);
            End = end = end with { Sent = Sending.Window.Sent, Acknowledged = Sending.Window.Read, Peer = Peer, Unwritten = unwritten };
            _state = LinkState.Down;
            Do(() => Output.CompleteWriting(completions));
            Do(Output.EndFlushes);
            Do(Output.Unblock);
            Do(Output.Forget);
            Do(Pause.Unpause);
            Do(() => Receiving.NotePart(false));
            Do(() => Calls.EndCalls(end, completions));
            Do(() => Sending.EndQueued(completions));
            End = end = end with { Unsent = Sending.Unsent };
        }

        Do(() => _handshakeTimer?.Dispose());
        Do(() => Heartbeat?.Stop());
        Do(Sending.StopPacing);
        Do(() => _lingerTimer?.Dispose());
        Do(Receiving.CancelActive);
        Do(() => _endpoint.OnDown(this, end, completions));
        Do(() => _endpoint.Pump.Memory.GiveBack(this));

        static void Do(Action step) => Finishing.Do("a connection's end", step);
    }

    /// <summary>Ends the connection that has gone down. By the endpoint.</summary>
    public void GiveBack()
    {
        using (Sending.Hold())
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
    public void OnClose(in Incoming message, Completions completions)
    {
        ReadOnlySpan<byte> payload = message.Payload.Span;
        using (Sending.Hold())
        {
            Output.CompleteWriting(completions);
            Receiving.HearMissedBehind(message);
            _close.Hear(
                payload.Length > 0 ? ReasonOf(payload[0]) : CloseReason.ClosedByPeer,
                payload.Length > 1 ? PlainText.OneLine(Encoding.UTF8.GetString(payload[1..])) : null,
                isFinal: (message.Header.Flags & MessageFlags.Final) != 0);
            _state = LinkState.PeerClosed;
            if (_close.IsFinal)
            {
                Calls.EndUnread(completions);
            }

            Sending.EndQueued(completions);

            // Nothing waits before the last word of this side any more.
            CloseIfDue();
        }

        if (Sending.HasMoving)
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
    public void OnEnd(bool isOrderly, Completions completions)
    {
        using (Sending.Hold())
        {
            // A reset is told once: where a write has had it, the next read finds an end that looks like an orderly one, and of what the
            // peer wrote some may be lost.
            isOrderly &= !Output.IsBroken;
        }

        bool isLocal = (_connection.Capabilities & TransportCapabilities.CrossHost) == 0;
        LinkEnd end = _close.EndOf(IsBare, _state == LinkState.Handshaking, isOrderly, isLocal, _connection.HasPart);
        GoDown(end, completions);
    }

    /// <summary>Says goodbye as soon as the last of those who wait for credit has got away. Under the send lock.</summary>
    public void CloseIfDue()
    {
        if (_close.IsWordDue && Sending.Queue.Count == 0 && !IsBare && _state is LinkState.Up or LinkState.PeerClosed)
        {
            WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
        }
    }

    /// <summary>Ends the stream to a peer without the protocol as soon as all is written. Under the send lock.</summary>
    public void EndSendingIfDue()
    {
        if (_close.IsEndOfStreamDue && Sending.Queue.Count == 0 && Output.IsWrittenOut())
        {
            _close.IsEndOfStreamDue = false;
            _connection.EndSending();
        }
    }

    private void WriteClose(CloseReason reason, string? text, MessageFlags flags)
    {
        // What stands in the broadcast ring comes before the last word.
        Place.Leave();
        Span<byte> payload = stackalloc byte[1 + (LinkAnswers.LongestReason * LinkAnswers.MostBytesOfCharacter)];

        // The words are the reader's: what this side does, the peer did.
        payload[0] = (byte)(reason is CloseReason.ClosedByUs or CloseReason.Aborted ? CloseReason.ClosedByPeer : reason);
        int length = Answers.WriteText(text, LinkAnswers.LongestReason, payload[1..]);
        _close.NoteSaid();
        MessageHeader header = MessageHeader.Of(MessageKind.Close, flags: flags);

        // What never leaves is missed too: the peer hears the whole number with the last word.
        long missed = Sending.Takes(1 + length + MissedMessages.HeadBytes) ? Sending.Queue.MissedInAll : 0;
        Output.Commit(ref header, default, payload[..(1 + length)], missed);
        Output.FlushNow();
    }
}
