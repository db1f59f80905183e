namespace Fairlead.Transports.Udp;

/// <content>Proving, replacing and ending a session.</content>
internal sealed partial class ReliableSession
{
    /// <summary>How long the final data is repeated without an acknowledgement.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    /// <summary>A later peer at the same address that has not proved that it receives data.</summary>
    private ReliableTerms? _successor;

    // Starts the session that has replaced this one. Called outside the gate: no session takes its gate inside another's.
    private Action? _startSuccessor;
    private bool _isProved;
    private bool _isLost;
    private bool _isAborted;
    private bool _isClosed;
    private bool _isOver;
    private bool _isLingering;
    private bool _isReplaced;
    private bool _hasForeign;
    private TimeSpan? _diesAt;

    /// <summary>Ends sending. Written data still goes out.</summary>
    public void EndSending()
    {
        using (_gate.Hold())
        {
            _stream.End();
            Transmit();
        }
    }

    /// <summary>Ends the session immediately for this side, and tells the other.</summary>
    public void Abort()
    {
        using (_gate.Hold())
        {
            _isAborted = true;
            _stream.End();
            Transmit();
            Tell();
        }
    }

    /// <summary>Closes the connection's side. Written data and the end still go out, for a limited time.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            _news.Dispose();
            _room.Dispose();
            if (_isOver)
            {
                return;
            }

            _stream.Discard();
            _stream.End();
            _diesAt = Now + Linger;
            if (!_isLost)
            {
                _isLingering = true;
                Lingering.Enter();
            }

            Transmit();
        }
    }

    /// <summary>Refuses an unaccepted session, because the listener closes.</summary>
    public void Refuse()
    {
        using (_gate.Hold())
        {
            if (!_isOver)
            {
                Say(new ReliableControl { Kind = ReliableKind.Reset, Token = _terms.Session });
                Finish();
            }
        }

        Dispose();
    }

    /// <summary>Called after all that may have ended the session: ends it if nothing is left to do, or else sets the timer.</summary>
    private void Settle(TimeSpan now)
    {
        if (_isOver)
        {
            return;
        }

        if (_isLingering && (_isLost || _stream.IsAcknowledged))
        {
            _isLingering = false;
            Lingering.Leave();
        }

        bool isDone = _isClosed && (_isLost || (_stream.IsAcknowledged && _stream.HasEnded));
        bool isLate = now >= _diesAt;
        if (isDone || isLate || (!_isProved && _isLost))
        {
            if (!isDone && !_isLost)
            {
                Say(new ReliableControl { Kind = ReliableKind.Reset, Token = _terms.Session });
            }

            Finish();
            return;
        }

        TimeSpan due = _isLost ? TimeSpan.MaxValue : _stream.NextDue ?? TimeSpan.MaxValue;
        due = _diesAt is { } end && end < due ? end : due;
        if (due < TimeSpan.MaxValue)
        {
            SetTimer(now, due);
        }
    }

    private void SetTimer(TimeSpan now, TimeSpan due)
    {
        // A timer set for an earlier time checks then and sets itself again, because setting it wakes a thread.
        if (due < _timerDue)
        {
            _timerDue = due;
            TimeSpan rest = due - now;
            _timer.Change(rest > TimeSpan.FromMilliseconds(1) ? rest : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private void Finish()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        if (_isLingering)
        {
            _isLingering = false;
            Lingering.Leave();
        }

        _registration.Dispose();
        if (!_isReplaced)
        {
            _socket.Dispose();
        }

        _timer.Dispose();
        _stream.Dispose();
        _listener?.Release(this, _remote);
        if (!_isClosed && !_isProved)
        {
            _isClosed = true;
            _news.Dispose();
            _room.Dispose();
        }
    }

    /// <summary>Ends the session after an internal failure: its connection sees that the other end is gone.</summary>
    /// <remarks>Without a connection, the session is over immediately.</remarks>
    private void Fail()
    {
        using (_gate.Hold())
        {
            Lose();
            if (_isClosed)
            {
                Finish();
            }
        }
    }

    /// <summary>Notes that the other end is gone.</summary>
    private void Lose()
    {
        _isLost = true;
        if (!_isClosed)
        {
            Tell();
        }
    }

    private void OnControl(in ReliableControl control)
    {
        if (control.Kind == ReliableKind.Reset && !control.IsOtherVersion && control.Token == _terms.Session)
        {
            Lose();
        }
        else if (_listener is null || control.IsOtherVersion || control.Kind is not (ReliableKind.Hello or ReliableKind.Open))
        {
            if (control.Kind != ReliableKind.Accept)
            {
                NoteForeign();
                _hasForeign = true;
            }
        }
        else if (control.Kind == ReliableKind.Hello)
        {
            // A new peer at the same address, or an old datagram: it must first prove that it receives data.
            Say(_listener.Cookies.Answer(control, _remote));
        }
        else if (control.Cookie == _terms.Cookie)
        {
            // It has not received the accept.
            Say(_terms.ToAccept());
        }
        else if (_successor is { } known && known.Cookie == control.Cookie)
        {
            Say(known.ToAccept());
        }
        else if (_listener.Cookies.IsProof(control, _remote) && ReliableTerms.OfAccepted(control, _remote, _socket) is { } successor)
        {
            // An old datagram may contain a proof, too: only a peer that uses the new session replaces this one.
            _successor = successor;
            Say(successor.ToAccept());
        }
    }

    /// <summary>Takes the action that starts the successor. Under the gate; call the action outside it.</summary>
    private Action? TakeSuccessor()
    {
        Action? start = _startSuccessor;
        _startSuccessor = null;
        return start;
    }

    /// <summary>Gives the socket to a new, proved peer at the same address, because the previous one is gone.</summary>
    private void GiveWay(ReliableTerms successor, ReadOnlySpan<byte> datagram)
    {
        _successor = null;
        Lose();
        _registration.Dispose();
        try
        {
            ReliableSession next = _listener!.Succeed(_socket, successor, _remote, Peer);
            _isReplaced = true;
            byte[] first = datagram.ToArray();
            _startSuccessor = () => next.Start(first);
        }
        catch (FairleadException)
        {
            // No descriptors are available; the peer tries again, and finds the listener.
        }
    }
}
