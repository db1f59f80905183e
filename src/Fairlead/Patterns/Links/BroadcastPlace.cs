using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The part of a peer in what is written once for many. While it sits there, what it was sent and what it has acknowledged is counted
/// there; whatever is sent to it in any other way makes it leave first, so that nothing overtakes.
/// </summary>
/// <remarks>
/// Owns the seat, under the link's send lock, but for what says otherwise. Called by the publisher and by all that write.
/// </remarks>
internal sealed class BroadcastPlace
{
    /// <summary>A peer takes part again when it has so much of its window free.</summary>
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

    /// <summary>Whether it sits.</summary>
    public bool IsSeated => _seat is { IsTaken: true };

    /// <summary>Whether its place is one of these now.</summary>
    public bool IsIn(ulong places) => Volatile.Read(ref _seat) is { } seat && (seat.Bit & places) != 0;

    /// <summary>Its seat, once it has had one.</summary>
    public BroadcastSeat? Seat => Volatile.Read(ref _seat);

    /// <summary>Whether its peer has spoilt what it shares with the broadcast.</summary>
    public bool HasSpoiltBroadcast => Seat is { IsCorrupt: true };

    /// <summary>Lets the peer take part where it has caught up. True when it has been given a seat for the first time.</summary>
    public bool TryJoin()
    {
        Broadcast? broadcast = _endpoint.Broadcasts.GetOrMake();
        bool isNew = false;
        bool needsPump;
        using (_sender.Hold())
        {
            if (broadcast is null || IsSeated || !MayJoin)
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

    /// <summary>
    /// Lets a peer that sits, and for which nothing waits, take part again where it has enough credit by now; true when it takes part.
    /// </summary>
    public bool TryResume(int length)
    {
        using (_sender.Hold())
        {
            return IsSeated && _sender.Queue.Count == 0 && _sender.Queue.Missed == 0 && _seat!.TryResume(length);
        }
    }

    /// <summary>
    /// Whether a peer that sits has so much credit again that it is worth going on; no less than a peer without a seat, which is waited for
    /// otherwise.
    /// </summary>
    public bool HasCaughtUp(int length)
    {
        using (_sender.Hold())
        {
            return !IsSeated || _sender.Queue.Count > 0 || _sender.Queue.Missed > 0 || _seat!.HasCaughtUp(length);
        }
    }

    /// <summary>What is to be overwritten it has not read: it is sent it by its connection.</summary>
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

    /// <summary>Under the send lock. What follows goes through the connection.</summary>
    public void Leave(bool sendsRest = true)
    {
        if (_seat is { IsTaken: true } seat)
        {
            _sender.Window.Restore(seat.Leave(sendsRest));
        }
    }

    /// <summary>The link is over. Under the send lock.</summary>
    public void GiveBack()
    {
        Leave(sendsRest: false);
        _seat?.Dispose();
    }

    /// <summary>An acknowledgement has come while the peer sits. Under the send lock.</summary>
    public void Acknowledge(uint acknowledged)
    {
        if (!_seat!.Acknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer acknowledged messages that were never sent");
        }
    }
}
