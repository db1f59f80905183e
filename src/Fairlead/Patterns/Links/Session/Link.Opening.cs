using Fairlead.Framing;
using Fairlead.Native.Processes;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Session;

/// <content>The handshake: each side introduces itself and accepts or refuses the other.</content>
internal sealed partial class Link
{
    private ITimer? _handshakeTimer;

    // Under the send lock: the pump writes it, and the deferred work reads it.
    private Deadline _handshakeEnd;
    private byte[]? _welcome;

    /// <summary>Begins the handshake: the connecting side sends hello; the other waits for it until a deadline. Called by the
    /// pump.</summary>
    public void Open(Completions completions)
    {
        if (IsRaw)
        {
            if (_host.TooManyPeers(this) is { } crowded)
            {
                // A foreign program cannot be told the reason.
                Failure = crowded;
                GoDown(new LinkEnd(CloseReason.Limit, crowded.Message), completions);
                return;
            }

            ComeUp(completions);
            return;
        }

        if (IsAccepted && _endpoint.EndsWithPeer)
        {
            // This is the only possible peer. It opens its end when it likes, and keeps no other peer away: only its death ends the link.
            return;
        }

        if (_time == TimeProvider.System)
        {
            // The deferred work checks the deadline. A timer's thread might not be available in a flood of silent peers.
            using (LinkSender.Hold())
            {
                _handshakeEnd = Deadline.After(_endpoint.Settings.HandshakeTimeout, _time);
            }

            _host.ServeHandshakes(this);
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

    /// <summary>Ends a handshake that takes too long. Returns whether it is still in progress and must be checked again.</summary>
    public bool CheckHandshake()
    {
        if (State != LinkState.Handshaking)
        {
            return false;
        }

        Deadline end;
        using (LinkSender.Hold())
        {
            // The deadline is two words: without the lock, a reader of only one of them could see a time long past.
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

    /// <summary>Ends a handshake whose time has passed.</summary>
    public void OnAlarm()
    {
        // The answer may have arrived in time, and the thread that reads it not have run since.
        _endpoint.Pump.CatchUp();
        string seconds = SecondsText.Of(_endpoint.Settings.HandshakeTimeout);
        using (LinkSender.Hold())
        {
            if (State != LinkState.Handshaking || CloseHandshake.IsKilled)
            {
                return;
            }

            Failure = new FairleadException(
                ErrorCode.Timeout,
                $"the peer accepted the connection but did not respond within {seconds}",
                "The peer may be stopped, or may not be a Fairlead program.")
            {
                Peer = Peer,
            };
        }

        Kill(CloseReason.ProtocolError, $"the handshake did not arrive within {seconds}");
    }

    private Handshake Introduction() => new()
    {
        Pattern = _endpoint.Settings.Pattern,
        Messages = (uint)_endpoint.Settings.Messages,
        Capacity = (ulong)_endpoint.Settings.Capacity,
        LongestMessage = (ulong)_connection.ReceiveLimit + (ulong)(Inner?.HeadRoom ?? 0),
        Heartbeat = _endpoint.Settings.Heartbeat,
        ProcessId = NativeProcess.Id,
        Full = _endpoint.Settings.Pattern == PatternKind.Subscriber ? _endpoint.Settings.OverflowPolicy : null,
        Handles = _endpoint.Settings.Handles,
        Position = _host.LastPosition,
        Text = _endpoint.Settings.Program ?? ProgramName.For(_connection.Capabilities),
    };

    /// <summary>Handles the peer's introduction or refusal. Called by the pump.</summary>
    public void OnHandshake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions)
    {
        Handshake theirs = Handshake.Decode(header, body);
        MessageKind expected = IsAccepted ? MessageKind.Hello : MessageKind.Welcome;
        if (header.Kind == MessageKind.Refuse)
        {
            string what = theirs.Text.Length > 0 ? theirs.Text : "the peer refused the connection";
            throw new FairleadException(
                Enum.IsDefined(theirs.Error) ? theirs.Error : ErrorCode.Incompatible, IsAccepted ? $"the client went: {what}" : what)
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
        if (_host.Refusal(this, theirs) is { } refusal)
        {
            throw refusal;
        }

        if (theirs.Position is { } last)
        {
            _host.OnPosition(this, last, isStart: true);
        }

        HandleWindow.ToPeer = theirs.Handles;
        LinkSender.Window.Grant(theirs.Messages, theirs.Capacity, theirs.LongestMessage);
        _welcome = IsAccepted ? Introduction().Encode() : null;
        _handshakeTimer?.Dispose();
        Heartbeat?.Start();
        ComeUp(completions);
    }

    /// <summary>Tells a peer in the handshake why it is refused. Under the send lock.</summary>
    /// <remarks>A peer that does not speak the protocol would not understand it.</remarks>
    private void WriteRefusal(FairleadException refusal)
    {
        if (refusal.Code is ErrorCode.Incompatible or ErrorCode.Full or ErrorCode.NotSupported or ErrorCode.PermissionDenied)
        {
            Handshake answer = Introduction() with { Error = refusal.Code, Text = $"{refusal.WhatHappened}. {refusal.WhatToDo}" };
            MessageHeader header = Handshake.HeaderOf(MessageKind.Refuse);
            Output.Commit(ref header, default, answer.Encode());
        }
    }

    /// <summary>Takes the link up: from here on it carries messages, first those of senders that were waiting for a peer.</summary>
    private void ComeUp(Completions completions)
    {
        WasUp = true;
        (_connection as IBridged)?.OpenTo(new InnerEnd(this, _host));
        _host.OnUp(this, completions);
    }

    /// <summary>Takes over the operations that waited for a link, before all others. Called by the endpoint, under its gate.</summary>
    public void TakeOver(SendQueue waiting, Completions completions)
    {
        using (LinkSender.Hold())
        {
            LinkSender.Take(waiting, completions);
            LinkSender.Queue.AddMissed(waiting.TakeMissed());

            // The handshake reply goes before all messages, and leaves when the link is up: a peer that has connected finds it so.
            State = LinkState.Up;
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
