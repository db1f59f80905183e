using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>A peer's part in the memory that is written once for many.</summary>
/// <remarks>
/// <para>
/// While the peer takes part, its slot counts what was sent to it and acknowledged by it. Anything sent to it in another way makes it leave
/// first; this keeps the order.
/// </para>
/// <para>
/// Owns the slot, under the link's send lock unless a member says otherwise. The publisher and all writers call it.
/// </para>
/// </remarks>
internal sealed class BroadcastPlace
{
    /// <summary>The part of its window that must be free before a peer takes part again: one in this many.</summary>
    private const int LeastFree = 8;

    private readonly Link _link;
    private readonly LinkSender _sender;
    private readonly LinkOutput _output;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private BroadcastSeat? _seat;

    public BroadcastPlace(Link link)
    {
        _link = link;
        _sender = link.Sending;
        _output = link.Output;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
    }

    /// <summary>Whether the peer takes part.</summary>
    public bool IsSeated => _seat is { IsTaken: true };

    /// <summary>Returns whether the peer's slot is one of these now.</summary>
    public bool IsIn(ulong places) => Volatile.Read(ref _seat) is { } seat && (seat.Bit & places) != 0;

    /// <summary>The peer's slot, once it has had one.</summary>
    public BroadcastSeat? Seat => Volatile.Read(ref _seat);

    /// <summary>Whether the peer has corrupted the memory that it shares with the broadcast.</summary>
    public bool HasSpoiltBroadcast => Seat is { IsCorrupt: true };

    /// <summary>Lets the peer take part if it has caught up. Returns true when it gets a slot for the first time.</summary>
    public bool TryJoin()
    {
        // Without the lock: peers that share no memory are asked after each message.
        if (_link.Memory is null || _endpoint.Broadcasts.GetOrMake() is not { } broadcast)
        {
            return false;
        }

        bool isNew = false;
        bool needsPump;
        using (_sender.Hold())
        {
            if (IsSeated || !MayJoin)
            {
                return false;
            }

            if (_seat is null)
            {
                if (broadcast.TrySeat(_connection) is not { } seat)
                {
                    return false;
                }

                Volatile.Write(ref _seat, seat);
                isNew = true;
            }

            if (!_seat.MayTake)
            {
                return false;
            }

            _seat.Take(new BroadcastCredit(_sender.Window.Messages, _sender.Window.Bytes, _sender.Window.Longest, _sender.Window.Tally));
            needsPump = _output.FlushSoon();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return isNew;
    }

    /// <summary>Lets a skipped peer take part again if it has enough credit and nothing waits for it. Returns whether it does.</summary>
    public bool TryResume(int length)
    {
        using (_sender.Hold())
        {
            return IsSeated && _sender.Queue.Count == 0 && _sender.Queue.Missed == 0 && _seat!.TryResume(length);
        }
    }

    /// <summary>Returns whether a peer has so much credit again that waiting for it is worthwhile.</summary>
    /// <remarks>Also true for a peer that does not take part, because the publisher waits for it in another way.</remarks>
    public bool HasCaughtUp(int length)
    {
        using (_sender.Hold())
        {
            return !IsSeated || _sender.Queue.Count > 0 || _sender.Queue.Missed > 0 || _seat!.HasCaughtUp(length);
        }
    }

    /// <summary>Makes a peer leave and sends it, through its connection, the unread messages that are about to be overwritten.</summary>
    public void LeaveAndSend()
    {
        bool needsPump;
        using (_sender.Hold())
        {
            Leave();
            needsPump = _output.FlushSoon();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    private bool MayJoin =>
        _link.State == LinkState.Up && !_output.TakesNoMore && _link.Close.IsOpen && _output.Writing is null && !_connection.HasLong
        && _sender.Queue.Count == 0 && _sender.Queue.Missed == 0 && _sender.Takes(MissedMessages.HeadBytes + MissedMessages.HeadBytes)
        && _sender.Window.HasFree(LeastFree);

    /// <summary>Makes the peer leave; later messages go through the connection. Under the send lock.</summary>
    public void Leave(bool sendsRest = true)
    {
        if (_seat is { IsTaken: true } seat)
        {
            _sender.Window.Restore(seat.Leave(sendsRest));
        }
    }

    /// <summary>Releases the slot when the link ends. Under the send lock.</summary>
    public void GiveBack()
    {
        Leave(sendsRest: false);
        _seat?.Dispose();
    }

    /// <summary>Handles an acknowledgement that arrives while the peer takes part. Under the send lock.</summary>
    public void Acknowledge(uint acknowledged)
    {
        if (!_seat!.Acknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer acknowledged messages that were never sent");
        }
    }
}
