using System.Text;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Handshake, heartbeat, closing, the end, and operations that are withdrawn.</content>
internal sealed partial class Link
{
    private ITimer? _heartbeatTimer;
    private ITimer? _lingerTimer;
    private bool _wasPinged;
    private CloseReason? _killReason;
    private string? _killText;

    /// <summary>Begins to talk: the side that connects says hello; the other waits for it until a deadline.</summary>
    public void Open(Completions completions)
    {
        _lastHeard = _time.GetTimestamp();
        if (IsBare)
        {
            WasUp = true;
            _endpoint.OnUp(this, completions);
            return;
        }

        _handshakeTimer = _time.CreateTimer(static state => ((Link)state!).Kill(CloseReason.ProtocolError, "the handshake did not come in time"), this, _endpoint.Settings.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        if (!IsAccepted)
        {
            SendHandshake(MessageKind.Hello, Introduction());
        }
    }

    /// <summary>
    /// Ends the connection from any thread; whoever pumps then sees its end, with this reason. The peer is told, behind what was sent before; one that does not even take
    /// that from the kernel gets as long for it as for a handshake.
    /// </summary>
    public void Kill(CloseReason reason, string? text)
    {
        lock (_sending)
        {
            if (_state == LinkState.Down || _killReason is not null)
            {
                return;
            }

            _killReason = reason;
            _killText = text;
            if (_state == LinkState.Up && !IsBare)
            {
                WriteClose(reason, text);
            }

            _sendsNoMore = true;
            if (_connection.Unflushed > 0 && reason is CloseReason.SlowConsumer or CloseReason.ClosedByUs or CloseReason.Limit)
            {
                _lingerTimer = _time.CreateTimer(static state => ((Link)state!)._connection.Abort(), this, _endpoint.Settings.HandshakeTimeout, Timeout.InfiniteTimeSpan);
            }
            else
            {
                _isPaused = false;
                UpdateInterest();
                _connection.Abort();
            }
        }

        _endpoint.RequestPump();
    }

    /// <summary>Says that nothing more will be sent. True when everything has been acknowledged already.</summary>
    public bool BeginClose()
    {
        lock (_sending)
        {
            if (_state == LinkState.Down)
            {
                return true;
            }

            if (!_sendsNoMore)
            {
                _sendsNoMore = true;
                if (!IsBare && _state != LinkState.Handshaking)
                {
                    // Who was waiting for credit when the close began still goes first.
                    _closesWhenServed = _queued.Count > 0;
                    if (!_closesWhenServed)
                    {
                        WriteClose(CloseReason.ClosedByPeer, null);
                    }
                }
            }

            return IsDrained;
        }
    }

    /// <summary>Whether nothing that was sent is still on its way.</summary>
    public bool IsDrained
    {
        get
        {
            lock (_sending)
            {
                return _state == LinkState.Down || (_outstandingSizes.Count == 0 && _connection.Unflushed == 0 && !_connection.HasLong && _queued.Count == 0 && _calls.Count == 0);
            }
        }
    }

    /// <summary>Takes an operation out of the link. By its caller, on any thread.</summary>
    public void Withdraw(LinkOperation operation, Exception? error)
    {
        Completions completions = Completions.Rent();
        lock (_sending)
        {
            if (!operation.IsClaimed && operation.Link == this)
            {
                WithdrawLocked(operation, error, completions);
            }
        }

        completions.Run(inline: false);
    }

    /// <summary>The link is over: everything that waits on it ends. By the pump.</summary>
    public void GoDown(LinkEnd end, Completions completions)
    {
        lock (_sending)
        {
            if (_state == LinkState.Down)
            {
                return;
            }

            End = end = end with { Sent = _totalSent, Acknowledged = _totalSent - _outstandingSizes.Count, Peer = Peer };
            _state = LinkState.Down;
            Unblock();
            if (_writing is { } writing)
            {
                _connection.DetachLong();
                _writing = null;
                if (!writing.WantsAnswer)
                {
                    Finish(writing, LinkOutcome.PeerGone, completions);
                }
            }

            while (_queued.Count > 0)
            {
                Finish(_queued.Dequeue(), LinkOutcome.PeerGone, completions);
            }

            foreach (LinkOperation call in _calls.Values)
            {
                call.At = LinkOperation.Stage.Ended;
                bool wasRead = call.Header.Kind.IsData() && (int)(_acknowledged - call.Number) >= 0;
                if (call.TryComplete(new LinkResult { Outcome = LinkOutcome.PeerGone, Link = this, WasSent = true, WasRead = wasRead || !end.IsExact }))
                {
                    completions.Add(call);
                }
            }

            _calls.Clear();
        }

        _handshakeTimer?.Dispose();
        _heartbeatTimer?.Dispose();
        _lingerTimer?.Dispose();
        CancelActive();
        _endpoint.OnDown(this, end, completions);
        lock (_sending)
        {
            _connection.Dispose();
        }
    }

    private void WithdrawLocked(LinkOperation operation, Exception? error, Completions completions)
    {
        switch (operation.At)
        {
            case LinkOperation.Stage.Queued:
                for (int i = 0; i < _queued.Count; i++)
                {
                    if (_queued[i] == operation)
                    {
                        _queued.RemoveAt(i);
                        break;
                    }
                }

                End(wasSent: false);

                // Who stood behind a long message may fit.
                ServeQueued(completions);
                break;
            case LinkOperation.Stage.Writing:
                // Half of it may be on the wire: the rest is copied, and the message is sent after all.
                _connection.DetachLong();
                if (!operation.WantsAnswer)
                {
                    CompleteWriting(completions);
                    break;
                }

                _writing = null;
                goto case LinkOperation.Stage.AwaitingAnswer;
            case LinkOperation.Stage.AwaitingAnswer:
                _calls.Remove(operation.Header.Id);
                MessageHeader cancel = MessageHeader.Of(MessageKind.Cancel, operation.Header.Id);
                Commit(ref cancel, default, default, null);
                FlushNow();
                End(wasSent: true);
                break;
        }

        void End(bool wasSent)
        {
            operation.At = LinkOperation.Stage.Ended;
            bool wasRead = wasSent && operation.Header.Kind.IsData() && (int)(_acknowledged - operation.Number) >= 0;
            bool isOurs = error is null
                ? operation.TryComplete(new LinkResult { Outcome = LinkOutcome.TimedOut, Link = this, WasSent = wasSent, WasRead = wasRead })
                : operation.TryFail(error);
            if (isOurs)
            {
                completions.Add(operation);
            }
        }
    }

    private Handshake Introduction() => new()
    {
        Pattern = _endpoint.Settings.Pattern,
        WindowMessages = (uint)_endpoint.Settings.Messages,
        WindowBytes = (ulong)_endpoint.Settings.Capacity,
        LongestMessage = (ulong)_connection.ReceiveLimit,
        Heartbeat = _endpoint.Settings.Heartbeat,
        ProcessId = NativeProcess.Id,
        Text = ProgramName.Own,
    };

    private void Shake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions)
    {
        Handshake theirs = Handshake.Decode(header, body);
        MessageKind expected = IsAccepted ? MessageKind.Hello : MessageKind.Welcome;
        if (header.Kind == MessageKind.Refuse && !IsAccepted)
        {
            throw new FairleadException(theirs.Error == 0 ? ErrorCode.Incompatible : theirs.Error, theirs.Text.Length > 0 ? theirs.Text : "the peer refused the connection") { Peer = Peer };
        }

        if (header.Kind != expected)
        {
            throw Handshake.NotFairlead();
        }

        Peer = Peer with { Program = theirs.Text.Length > 0 ? theirs.Text : Peer.Program };
        PeerPattern = theirs.Pattern;
        if (_endpoint.Refusal(this, theirs) is { } refusal)
        {
            if (IsAccepted)
            {
                SendHandshake(MessageKind.Refuse, Introduction() with { Error = refusal.Code, Text = $"{refusal.WhatHappened}. {refusal.WhatToDo}" });
            }

            throw refusal;
        }

        _windowMessages = Math.Max(1, theirs.WindowMessages);
        _longestToPeer = (long)Math.Min(theirs.LongestMessage, long.MaxValue);
        _windowBytes = (long)Math.Min(theirs.WindowBytes, long.MaxValue);
        if (IsAccepted)
        {
            SendHandshake(MessageKind.Welcome, Introduction());
        }

        _handshakeTimer?.Dispose();
        _state = LinkState.Up;
        StartHeartbeat();
        if (theirs.Heartbeat > TimeSpan.Zero)
        {
            _endpoint.ServesInBackground = true;
        }

        WasUp = true;
        _endpoint.OnUp(this, completions);
    }

    private void SendHandshake(MessageKind kind, Handshake handshake) => SendControl(Handshake.HeaderOf(kind), default, handshake.Encode());

    private void StartHeartbeat()
    {
        TimeSpan own = _endpoint.Settings.Heartbeat;
        if (own > TimeSpan.Zero)
        {
            _heartbeatTimer = _time.CreateTimer(static state => ((Link)state!).OnHeartbeat(), this, own, own);
        }
    }

    private void OnHeartbeat()
    {
        TimeSpan silence = _time.GetElapsedTime(Volatile.Read(ref _lastHeard));
        TimeSpan interval = _endpoint.Settings.Heartbeat;
        if (silence < interval)
        {
            return;
        }

        // Nobody may have pumped for lack of interest: what has arrived meanwhile counts as a sign of life.
        _endpoint.PumpOnce();
        silence = _time.GetElapsedTime(Volatile.Read(ref _lastHeard));
        if (silence >= 3 * interval && _wasPinged)
        {
            Kill(CloseReason.Heartbeat, $"nothing was heard for {silence.TotalSeconds:0.###} s");
        }
        else if (silence >= interval)
        {
            _wasPinged = true;
            SendControl(MessageHeader.Of(MessageKind.Ping), default, default);
        }
    }

    /// <summary>The peer sends no more.</summary>
    private void OnClose(ReadOnlySpan<byte> payload, Completions completions)
    {
        CloseReason reason = payload.Length > 0 ? (CloseReason)payload[0] : CloseReason.ClosedByPeer;
        string? text = payload.Length > 1 ? Encoding.UTF8.GetString(payload[1..]) : null;
        _closeReason = reason;
        _closeText = text;
        _state = LinkState.PeerClosed;
    }

    private CloseReason? _closeReason;
    private string? _closeText;

    /// <summary>After the peer's close, when everything that it sent has been handed out and answered: acknowledges the last and goes down. By the pump, which looks at each turn.</summary>
    public void EndIfPeerClosed(Completions completions)
    {
        if (_state != LinkState.PeerClosed || HasActive || !_endpoint.HasNoInbound(this))
        {
            return;
        }

        Acknowledge();
        FlushDeferred();
        lock (_sending)
        {
            if (_connection.Unflushed > 0 && !_isBroken)
            {
                // The peer waits for these last answers; they go when it is writable.
                return;
            }
        }

        GoDown(new LinkEnd(_closeReason ?? CloseReason.ClosedByPeer, _closeText) { IsExact = true }, completions);
    }

    /// <summary>The connection has ended.</summary>
    private void OnEnd(bool isOrderly, Completions completions)
    {
        LinkEnd end;
        if (_killReason is { } reason)
        {
            end = new LinkEnd(reason, _killText);
        }
        else if (_closeReason is { } told)
        {
            end = new LinkEnd(told, _closeText) { IsExact = true };
        }
        else if (IsBare)
        {
            end = new LinkEnd(isOrderly ? CloseReason.ClosedByPeer : CloseReason.PeerDied, null) { IsExact = isOrderly };
        }
        else if (_state == LinkState.Handshaking)
        {
            end = new LinkEnd(CloseReason.PeerDied, "it ended before the handshake was through") { IsExact = true };
        }
        else
        {
            // On one machine what the peer wrote before it died is always still read; on the way from another host it may have been lost.
            bool isLocal = (_connection.Capabilities & TransportCapabilities.CrossHost) == 0;
            end = new LinkEnd(CloseReason.PeerDied, null) { IsExact = isLocal || isOrderly };
        }

        GoDown(end, completions);
    }

    /// <summary>The peer sent what it must not: it is told, and the link ends.</summary>
    private void Reject(FairleadException exception, Completions completions)
    {
        CloseReason reason = exception.Code == ErrorCode.TooLarge ? CloseReason.Limit : CloseReason.ProtocolError;
        lock (_sending)
        {
            if (_state is LinkState.Up or LinkState.PeerClosed)
            {
                WriteClose(reason, exception.Message);
            }

            _connection.Flush();
            _connection.EndSending();
        }

        Failure = exception;
        GoDown(new LinkEnd(reason, exception.Message), completions);
    }

    /// <summary>The error behind a link that went down because of one; a caller that connects gets it as it is.</summary>
    public FairleadException? Failure { get; private set; }

    private void WriteClose(CloseReason reason, string? text)
    {
        Span<byte> payload = stackalloc byte[1 + 1024];

        // The words are the reader's: what this side does, the peer did.
        payload[0] = (byte)(reason is CloseReason.ClosedByUs or CloseReason.Aborted ? CloseReason.ClosedByPeer : reason);
        int length = 0;
        if (text is not null)
        {
            Encoding.UTF8.TryGetBytes(text.Length > 256 ? text.AsSpan(0, 256) : text, payload[1..], out length);
        }

        MessageHeader header = MessageHeader.Of(MessageKind.Close);
        Commit(ref header, default, payload[..(1 + length)], null);
        FlushNow();
    }
}
