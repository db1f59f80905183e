using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Session;

/// <content>
/// Closing. The closing side sends a close frame behind its last message. If its whole endpoint closes, the frame is final: all messages
/// handed to its user are acknowledged by then, and no more will be handed out. Then both sides wait. The closing side waits until its
/// messages are acknowledged and its answers written. The other side waits until its user has taken every message and answered those in
/// hand.
/// </content>
internal sealed partial class Link
{
    /// <summary>Begins to close with the endpoint: takes nothing new, and sends the final message behind those that wait for
    /// credit.</summary>
    public void BeginClose()
    {
        using (LinkSender.Hold())
        {
            CloseHandshake.Stop();
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

    /// <summary>Ends sending while receiving continues. Any thread.</summary>
    /// <remarks>A peer without the protocol sees the end of the stream, behind everything sent before.</remarks>
    public void EndSending()
    {
        bool needsPump;
        using (LinkSender.Hold())
        {
            CloseHandshake.Stop();
            CloseHandshake.IsEndOfStreamDue = true;
            EndSendingIfDue();
            needsPump = CloseHandshake.IsEndOfStreamDue;
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>Sends the final message without waiting, because the endpoint ends now.</summary>
    public void SayGoodbye()
    {
        using (LinkSender.Hold())
        {
            CloseHandshake.Stop();
            if (State is LinkState.Up or LinkState.PeerClosed && !IsRaw && !CloseHandshake.HasSaid)
            {
                WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
            }
            else if (IsRaw && !Output.IsBlocked)
            {
                Output.FlushNow();
            }
        }
    }

    /// <summary>Whether nothing is in transit in either direction. Writes buffered output. Called by the pump of a closing
    /// endpoint.</summary>
    public bool IsDrained
    {
        get
        {
            using (LinkSender.Hold())
            {
                return State == LinkState.Down
                    || (LinkSender.Queue.Count == 0
                        && LinkSender.Window.Outstanding == 0
                        && !LinkSender.HasSlot
                        && Calls.PendingCalls.Count == 0
                        && !LinkReceiver.InHand.Any
                        && Output.IsWrittenOut());
            }
        }
    }

    /// <summary>After the peer's close, acknowledges and goes down once all its messages have been handed out and answered.</summary>
    /// <remarks>
    /// The peer may still answer messages of this side; then the peer ends the connection. Called by the pump, which checks in each
    /// iteration.
    /// </remarks>
    public void EndIfPeerClosed(Completions completions)
    {
        if (State != LinkState.PeerClosed)
        {
            return;
        }

        // In this order: a message that is being handed out leaves the queue only when it is among those in hand.
        bool hasUnread = !_host.HasNoInbound(this);
        if (LinkReceiver.InHand.Any || LinkReceiver.HoldsBack || (hasUnread && !_endpoint.IsClosing))
        {
            return;
        }

        LinkReceiver.Acknowledge();
        using (LinkSender.Hold())
        {
            // If this side has sent its final message, too, its unread messages are not handed out.
            if ((hasUnread && !CloseHandshake.HasSaid)
                || (CloseHandshake.IsFinal && Calls.PendingCalls.Count > 0)
                || !Output.IsWrittenOut())
            {
                return;
            }
        }

        GoDown(CloseHandshake.EndInOrder(), completions);
    }

    /// <summary>Takes the link down and ends everything that waits on it, despite any exception. Called by the pump.</summary>
    public void GoDown(LinkEnd end, Completions completions)
    {
        using (LinkSender.Hold())
        {
            if (State == LinkState.Down)
            {
                return;
            }

            Do(Place.ReleaseSlot);
            long unwritten = 0;
            Do(() => unwritten = Output.Unwritten);
            End = end = end with
            {
                Sent = LinkSender.Window.Sent,
                Acknowledged = LinkSender.Window.Read,
                Peer = Peer,
                Unwritten = unwritten,
            };
            State = LinkState.Down;
            Do(() => Output.CompleteWriting(completions));
            Do(Output.EndFlushes);
            Do(Output.ConfirmWaiters.End);
            Do(Output.Unblock);
            Do(Output.Forget);
            Do(Pause.Unpause);
            Do(() => LinkReceiver.NotePart(false));
            Do(() => Calls.EndCalls(end, completions));
            Do(() => LinkSender.EndQueued(completions));
            End = end = end with { Unsent = LinkSender.Unsent };
        }

        Do(() => _handshakeTimer?.Dispose());
        Do(() => Heartbeat?.Stop());
        Do(LinkSender.StopPacing);
        Do(() => _lingerTimer?.Dispose());
        Do(() => _host.OnDown(this, end, completions));

        // Behind OnDown, which drops the unread requests under the gate: until then, a receiver may still take one of them.
        Do(LinkReceiver.CancelActive);
        Do(() => _endpoint.Pump.MemoryWaiter.Release(Reader));

        static void Do(Action step) => Finishing.Do("a connection's end", step);
    }

    /// <summary>Handles the peer's close frame: the peer sends no more.</summary>
    public void OnClose(in Incoming message, Completions completions)
    {
        ReadOnlySpan<byte> payload = message.Payload.Span;
        using (LinkSender.Hold())
        {
            Output.CompleteWriting(completions);
            LinkReceiver.HearMissedBehind(message);
            CloseHandshake.Hear(
                payload.Length > 0 ? ReasonOf(payload[0]) : CloseReason.ClosedByPeer,
                payload.Length > 1 ? PlainText.OneLine(Encoding.UTF8.GetString(payload[1..])) : null,
                isFinal: (message.Header.Flags & MessageFlags.Final) != 0);
            if (State != LinkState.PeerClosed)
            {
                State = LinkState.PeerClosed;
                _host.AddPeerClosed(this);
            }

            if (CloseHandshake.IsFinal)
            {
                Calls.EndUnread(completions);
            }

            LinkSender.EndQueued(completions);

            // Nothing waits before this side's final message any more.
            CloseIfDue();
        }

        if (LinkSender.HasRequeued)
        {
            _host.Move(this);
        }
    }

    /// <summary>Maps reasons that only this side can have, and unknown ones of later versions, to a plain close by the peer.</summary>
    private static CloseReason ReasonOf(byte reason) =>
        (CloseReason)reason is CloseReason.ProtocolError or CloseReason.Heartbeat or CloseReason.SlowConsumer or CloseReason.Limit
            ? (CloseReason)reason
            : CloseReason.ClosedByPeer;

    /// <summary>Handles the end of the connection.</summary>
    public void OnEnd(bool isOrderly, Completions completions)
    {
        using (LinkSender.Hold())
        {
            // The kernel reports a reset only once. After a write has got it, the next read seems to find an orderly end, although some of
            // the peer's data may be lost.
            isOrderly &= !Output.IsBroken;
        }

        bool isLocal = (_connection.Capabilities & TransportCapabilities.CrossHost) == 0;
        LinkEnd end = CloseHandshake.EndOf(IsRaw, State == LinkState.Handshaking, isOrderly, isLocal, _connection.HasPart);
        GoDown(end, completions);
    }

    /// <summary>Sends the final message once no message waits for credit. Under the send lock.</summary>
    public void CloseIfDue()
    {
        if (CloseHandshake.IsWordDue && LinkSender.Queue.Count == 0 && !IsRaw && State is LinkState.Up or LinkState.PeerClosed)
        {
            WriteClose(CloseReason.ClosedByPeer, null, MessageFlags.Final);
        }
    }

    /// <summary>Ends the stream to a peer without the protocol once everything is written. Under the send lock.</summary>
    public void EndSendingIfDue()
    {
        if (CloseHandshake.IsEndOfStreamDue && LinkSender.Queue.Count == 0 && Output.IsWrittenOut())
        {
            CloseHandshake.IsEndOfStreamDue = false;
            _connection.EndSending();
        }
    }

    private void WriteClose(CloseReason reason, string? text, MessageFlags flags)
    {
        // The content of the broadcast ring comes before the final message.
        LinkSender.Leave();
        Span<byte> payload = stackalloc byte[1 + (LinkAnswers.LongestReason * LinkAnswers.MostBytesOfCharacter)];

        // The reason is from the reader's view: if this side closed, the peer of the reader did.
        payload[0] = (byte)(reason is CloseReason.ClosedByUs or CloseReason.Aborted ? CloseReason.ClosedByPeer : reason);
        int length = Answers.WriteText(text, LinkAnswers.LongestReason, payload[1..]);
        CloseHandshake.NoteSaid();
        MessageHeader header = MessageHeader.Of(MessageKind.Close, flags: flags);

        // Messages that are never sent count as missed, too: the peer gets the total number with the final message.
        long missed = LinkSender.Takes(1 + length + MissedMessages.HeadBytes) ? LinkSender.Queue.MissedInAll : 0;
        Output.Commit(ref header, default, payload[..(1 + length)], missed);
        Output.FlushNow();
    }
}
