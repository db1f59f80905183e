using Fairlead.Native;

namespace Fairlead.Transports.Udp;

/// <content>How a session is proved, replaced, and ends.</content>
internal sealed partial class ReliableSession
{
    /// <summary>How long the last word is repeated for one who does not acknowledge it.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    /// <summary>Who came later, from the same address, and has not shown yet that he hears.</summary>
    private ReliableTerms? _successor;

    // Starts the session that has taken this one's place. Called outside the gate: no session takes its own inside another's.
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

    /// <summary>Nothing more will be written; what was goes on its way.</summary>
    public void EndSending()
    {
        using (_gate.Hold())
        {
            _stream.End();
            Transmit();
        }
    }

    /// <summary>Ends it at once for this side; the other hears of it.</summary>
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

    /// <summary>Its connection is given back. What was written, and the end, still goes on its way, for a bounded time.</summary>
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

    /// <summary>By a listener that closes before somebody was let in.</summary>
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

    /// <summary>After everything that may have ended it: ends it where nothing is left to do, else sets the timer.</summary>
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

    /// <summary>
    /// Nothing sends for it any more, or listens: its connection hears that the other end is gone; where it has none any more, it is over.
    /// </summary>
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

    /// <summary>The other end is gone.</summary>
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
            // Somebody new at the same address, or an old datagram: he has to show first that he hears.
            Say(_listener.Cookies.Answer(control, _remote));
        }
        else if (control.Cookie == _terms.Cookie)
        {
            // He has not heard that he was let in.
            Say(_terms.ToAccept());
        }
        else if (_successor is { } known && known.Cookie == control.Cookie)
        {
            Say(known.ToAccept());
        }
        else if (_listener.Cookies.IsProof(control, _remote) && ReliableTerms.OfAccepted(control, _remote, _socket) is { } successor)
        {
            // An old datagram may be a proof too: only one who uses the session takes this one's place.
            _successor = successor;
            Say(successor.ToAccept());
        }
    }

    /// <summary>Under the gate; to be called outside it.</summary>
    private Action? TakeSuccessor()
    {
        Action? start = _startSuccessor;
        _startSuccessor = null;
        return start;
    }

    /// <summary>Who was at the other end is there no more: somebody else is, and has shown that he hears. He gets the socket.</summary>
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
            // No descriptors left: he tries again, and finds the listener.
        }
    }
}
