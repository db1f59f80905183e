using System.Buffers;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// What the user sends on a link: whether it may go now, and what waits for credit. Pattern → buffer → commit → wake.
/// </summary>
/// <remarks>
/// Owns the send lock, and under it the window that the peer grants, the queue of those who wait, those that leave for another link, and
/// what was dropped and is to be told. Any thread may send. Called by the patterns, by the endpoint (<see cref="TryAdopt"/>), and by the
/// pump when credit or room has come (<see cref="OnAck"/>, <see cref="GoOn"/>). Operations are completed through the completions given.
/// </remarks>
internal sealed partial class LinkSender
{
    private const int MissedBytes = MissedMessages.HeadBytes;

    private readonly Link _link;
    private readonly LinkOutput _output;
    private readonly LinkReceiver _receiver;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private readonly MemoryOutput? _memoryOutput;
    private readonly EndpointCounters _counters;
    private readonly bool _countsAlone;
    private readonly SendQueue _queued;
    private BiasedLock _sending = new(LockRank.LinkSending);
    private SendWindow _window;
    private int _looks;
    private EventPacer? _slowPacer;

    // Whether IsPlain has said so, and nobody has had the send lock since who might have changed it.
    private bool _isKnownPlain;

    public LinkSender(Link link)
    {
        _link = link;
        _output = link.Output;
        _receiver = link.Receiving;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _memoryOutput = link.Memory?.Output;
        _counters = _endpoint.Counters;
        _countsAlone = _endpoint.Admission.MostPeers == 1;
        _queued = new SendQueue(_endpoint);
        _window = link.IsBare ? new SendWindow((uint)_endpoint.Settings.Messages, _endpoint.Settings.Capacity) : new SendWindow(0, 0);
    }

    /// <summary>How much the peer takes, and what of it is not acknowledged. Under the send lock, but for its hints.</summary>
    public ref SendWindow Window => ref _window;

    /// <summary>Who waits for credit, and what was dropped. Under the send lock, but for its count.</summary>
    public SendQueue Queue => _queued;

    /// <summary>Data messages buffered, and how many of them the peer's user was handed.</summary>
    public (long Sent, long Acknowledged) SendCounts
    {
        get
        {
            using (Hold())
            {
                if (_link.Place.IsSeated)
                {
                    BroadcastTally tally = _link.Place.Seat!.Tally();
                    return (tally.Sent, tally.Sent - tally.Outstanding);
                }

                // On a bare link nobody acknowledges: what the kernel took counts.
                return (_window.Sent, _window.Read);
            }
        }
    }

    /// <summary>The longest message that the peer takes, head and payload together.</summary>
    public long LongestToPeer => _window.Longest;

    /// <summary>Whether the peer takes a message whose head and payload are so long together.</summary>
    public bool Takes(long length) => _window.Takes(length);

    /// <summary>Refuses what the framing cannot carry or the peer does not take.</summary>
    public void Check(ReadOnlySpan<byte> payload, int headLength = 0)
    {
        if (!Takes((long)headLength + payload.Length))
        {
            throw LinkErrors.TooLarge(_link, payload.Length, headLength);
        }

        _connection.Check(payload);
    }

    /// <summary>As of one buffer. Fairlead's own framing carries everything; others look at the content, and see it in one piece.</summary>
    public void Check(in ReadOnlySequence<byte> parts, int headLength = 0)
    {
        if (!Takes(headLength + parts.Length))
        {
            throw LinkErrors.TooLarge(_link, parts.Length, headLength);
        }

        if (_link.IsBare)
        {
            using Joined whole = new(parts);
            _connection.Check(whole.Span);
        }
    }

    /// <summary>
    /// Now and then, when more than half of the window is used: the acknowledgements have probably come, and reading them in time saves
    /// sleeping for them.
    /// </summary>
    public bool ShouldLookForAcks() => !_link.IsBare && _window.IsHalfUsed && IsTimeToLook();

    /// <summary>The same where more than half is known to be used.</summary>
    public bool IsTimeToLook() => (++_looks & 127) == 0;

    /// <summary>Whether another message goes at once, or nearly. A hint, read without the lock.</summary>
    public bool HasRoomNow => _queued.Count == 0 && _window.HasRoomNow;

    /// <summary>How many wait for credit. A hint.</summary>
    public int Waiting => _queued.Count;

    /// <summary>Whether a short message could be sent at once.</summary>
    public bool HasRoom()
    {
        bool hasRoom;
        bool needsPump = false;
        using (Hold())
        {
            hasRoom = CanSend(1) == LinkOutcome.Sent;
            if (!hasRoom && _output.IsDeferred)
            {
                needsPump = _output.FlushNow();
                hasRoom = CanSend(1) == LinkOutcome.Sent;
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return hasRoom;
    }

    /// <summary>Whether a message of this length would go at once.</summary>
    public bool HasRoom(int length)
    {
        using (Hold())
        {
            return CanSend(length) != LinkOutcome.Full;
        }
    }

    /// <summary>Refuses a file that the peer did not ask for.</summary>
    public void CheckHandles()
    {
        if (_link.State != LinkState.Handshaking && _link.Handles.ToPeer == 0)
        {
            throw LinkErrors.NoHandles(_link);
        }
    }

    /// <summary>The send lock for all but those on the short way, who leave alone what <see cref="IsPlain"/> looks at.</summary>
    public BiasedLock.Scope Hold()
    {
        BiasedLock.Scope held = _sending.Hold();
        _isKnownPlain = false;
        return held;
    }

    /// <summary>The same for those on the short way.</summary>
    /// <param name="me">The calling thread.</param>
    public BiasedLock.Scope HoldPlain(int me) => _sending.Hold(me);

    /// <summary>The link is over: nobody is told of slow peers any more.</summary>
    public void StopPacing() => _slowPacer?.Dispose();

    private LinkOutcome CanSend(int length)
    {
        if (_link.State is LinkState.Down || _output.IsBroken || !_link.Close.IsOpen || _link.State is LinkState.PeerClosed)
        {
            return LinkOutcome.PeerGone;
        }

        if (_queued.Count > 0 || _link.State == LinkState.Handshaking)
        {
            return LinkOutcome.Full;
        }

        return HasCredit(length + (_queued.Missed > 0 ? MissedBytes : 0)) ? LinkOutcome.Sent : LinkOutcome.Full;
    }

    /// <summary>Whether what needs no credit can be sent. Under the send lock.</summary>
    public LinkOutcome CanControl => _link.State is LinkState.Down || _output.IsBroken ? LinkOutcome.PeerGone : LinkOutcome.Sent;

    private bool HasCredit(int length)
    {
        if (_link.IsBare)
        {
            int unflushed = _connection.Unflushed;
            if (_connection.HasLong || (unflushed != 0 && unflushed + length > _window.Bytes))
            {
                return false;
            }

            if (_connection.Room?.Has(length) == false)
            {
                // The descriptor will tell, as it does where a flush could not go on.
                _output.Block();
                return false;
            }

            return true;
        }

        if (_link.Place.IsSeated)
        {
            return _link.Place.Seat!.HasRoom(length);
        }

        return _window.HasCredit(length);
    }

    /// <summary>Whether the receiver has room for one more, and the connection for what goes with it.</summary>
    private bool HasPlaceFor(LinkOperation operation) => operation.Handle is null || (!_connection.HasLong && _link.Handles.HasPlace);

    /// <summary>A message has to wait for this peer. Under the send lock.</summary>
    private void NoteSlow()
    {
        if (_link.State == LinkState.Up && FairleadEventSource.Log.IsEnabled())
        {
            _slowPacer ??= new EventPacer(_endpoint.Settings.Time, () =>
            {
                // A hint, read without the lock: by now they may wait no more.
                if (_queued.Count is var waiting and > 0)
                {
                    FairleadEventSource.Log.Slow(_endpoint.Address.Display, _link.Peer.ToString(), waiting);
                }
            });
            _slowPacer.Note();
        }
    }
}
