using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>The beginning: each side says who it is, and whether the other is welcome.</content>
internal sealed partial class Link
{
    private ITimer? _handshakeTimer;

    // Under the send lock: written by the pump, read by the rounds.
    private Deadline _handshakeEnd;
    private byte[]? _welcome;

    /// <summary>Begins to talk: the side that connects says hello; the other waits for it until a deadline. By the pump.</summary>
    public void Open(Completions completions)
    {
        if (IsBare)
        {
            if (_endpoint.Admission.Crowd(this) is { } crowded)
            {
                // A foreign program cannot be told why.
                Failure = crowded;
                GoDown(new LinkEnd(CloseReason.Limit, crowded.Message), completions);
                return;
            }

            ComeUp(completions);
            return;
        }

        if (IsAccepted && _endpoint.EndsWithPeer)
        {
            // It is the only peer that there is, opens its end when it likes, and keeps nobody else away: only its death is the end.
            return;
        }

        if (_time == TimeProvider.System)
        {
            // Looked after in the rounds, and not by a timer, whose thread may not be to be had when it is needed: in a flood of peers that
            // say nothing.
            using (Sending.Hold())
            {
                _handshakeEnd = Deadline.After(_endpoint.Settings.HandshakeTimeout, _time);
            }

            _endpoint.Housekeeping.ServeLater();
        }
        else
        {
            _handshakeTimer = Alarm.Create(_time, this, _endpoint.Settings.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        }

        if (!IsAccepted)
        {
            Answers.SendControl(Handshake.HeaderOf(MessageKind.Hello), default, Introduction().Encode());
        }
    }

    /// <summary>In each round: ends a handshake that takes too long. Whether it is still under way, and to be looked after again.</summary>
    public bool CheckHandshake()
    {
        if (_state != LinkState.Handshaking)
        {
            return false;
        }

        Deadline end;
        using (Sending.Hold())
        {
            // Two words: whoever reads one of them before the other is written sees a time that passed long ago.
            end = _handshakeEnd;
        }

        if (end.IsInfinite)
        {
            return false;
        }

        if (end.Passed)
        {
            OnAlarm();
            return false;
        }

        return true;
    }

    /// <summary>The time for the handshake has passed.</summary>
    public void OnAlarm()
    {
        string seconds = $"{_endpoint.Settings.HandshakeTimeout.TotalSeconds:0.###} s";
        using (Sending.Hold())
        {
            if (_state != LinkState.Handshaking || _close.IsKilled)
            {
                return;
            }

            Failure = new FairleadException(
                ErrorCode.Timeout,
                $"the peer accepted the connection and gave no sign of life within {seconds}",
                "It may be stopped, or no Fairlead program.")
            {
                Peer = Peer,
            };
        }

        Kill(CloseReason.ProtocolError, $"the handshake did not come within {seconds}");
    }

    private Handshake Introduction() => new()
    {
        Pattern = _endpoint.Settings.Pattern,
        WindowMessages = (uint)_endpoint.Settings.Messages,
        WindowBytes = (ulong)_endpoint.Settings.Capacity,
        LongestMessage = (ulong)_connection.ReceiveLimit,
        Heartbeat = _endpoint.Settings.Heartbeat,
        ProcessId = NativeProcess.Id,
        Full = _endpoint.Settings.Pattern == PatternKind.Subscriber ? _endpoint.Settings.Full : null,
        Handles = _endpoint.Settings.Handles,
        Text = ProgramName.Own,
    };

    /// <summary>The peer has said who it is, or that this side is not welcome. By the pump.</summary>
    public void Shake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions)
    {
        Handshake theirs = Handshake.Decode(header, body);
        MessageKind expected = IsAccepted ? MessageKind.Hello : MessageKind.Welcome;
        if (header.Kind == MessageKind.Refuse && !IsAccepted)
        {
            throw new FairleadException(
                Enum.IsDefined(theirs.Error) ? theirs.Error : ErrorCode.Incompatible,
                theirs.Text.Length > 0 ? theirs.Text : "the peer refused the connection")
            {
                Peer = Peer,
            };
        }

        if (header.Kind != expected)
        {
            throw Handshake.NotFairlead();
        }

        Peer = Peer with { Program = theirs.Text.Length > 0 ? theirs.Text : Peer.Program };
        PeerPattern = theirs.Pattern;
        PeerAsksFor = theirs.Full;
        if (_endpoint.Admission.Refusal(this, theirs) is { } refusal)
        {
            if (IsAccepted)
            {
                Handshake answer = Introduction() with { Error = refusal.Code, Text = $"{refusal.WhatHappened}. {refusal.WhatToDo}" };
                Answers.SendControl(Handshake.HeaderOf(MessageKind.Refuse), default, answer.Encode());
            }

            throw refusal;
        }

        Handles.ToPeer = theirs.Handles;
        Sending.Window.Grant(theirs.WindowMessages, theirs.WindowBytes, theirs.LongestMessage);
        _welcome = IsAccepted ? Introduction().Encode() : null;
        _handshakeTimer?.Dispose();
        Heartbeat?.Start();
        ComeUp(completions);
    }

    /// <summary>From here on the link carries messages; first those of senders that have waited for somebody to come.</summary>
    private void ComeUp(Completions completions)
    {
        WasUp = true;
        _endpoint.OnUp(this, completions);
    }

    /// <summary>By the endpoint, under its gate: those who waited for a link stand before all others.</summary>
    public void Adopt(SendQueue waiting, Completions completions)
    {
        using (Sending.Hold())
        {
            Sending.Take(waiting, completions);
            Sending.Queue.AddMissed(waiting.TakeMissed());

            // The welcome stands before all messages, and leaves when the link is up: a peer whose connecting is through finds it so.
            _state = LinkState.Up;
            if (_welcome is not null)
            {
                try
                {
                    MessageHeader header = Handshake.HeaderOf(MessageKind.Welcome);
                    Output.Commit(ref header, default, _welcome);
                    _welcome = null;
                    Output.FlushNow();
                }
                catch (Exception exception)
                {
                    Fail(exception);
                }
            }
        }
    }
}
