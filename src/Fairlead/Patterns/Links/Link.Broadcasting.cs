using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// A peer that reads what is written once for many. While it sits there, what it was sent and what it has acknowledged is counted there;
/// whatever is sent to it in any other way makes it leave first, so that nothing overtakes.
/// </content>
internal sealed partial class Link
{
    /// <summary>A peer takes part again when it has so much of its window free.</summary>
    private const int LeastFree = 8;

    private BroadcastSeat? _seat;
    private bool IsSeated => _seat is { IsTaken: true };

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
        using (HoldSending())
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

            _seat.Take(new BroadcastCredit(_window.Messages, _window.Bytes, _window.Longest, _window.Tally));
            needsPump = FlushSoon();
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
        using (HoldSending())
        {
            return IsSeated && _queued.Count == 0 && _queued.Missed == 0 && _seat!.TryResume(length);
        }
    }

    /// <summary>
    /// Whether a peer that sits has so much credit again that it is worth going on; no less than a peer without a seat, which is waited for
    /// otherwise.
    /// </summary>
    public bool HasCaughtUp(int length)
    {
        using (HoldSending())
        {
            return !IsSeated || _queued.Count > 0 || _queued.Missed > 0 || _seat!.HasCaughtUp(length);
        }
    }

    /// <summary>What is to be overwritten it has not read: it is sent it by its connection.</summary>
    public void LeaveBroadcast()
    {
        bool needsPump;
        using (HoldSending())
        {
            LeaveSeat();
            needsPump = FlushSoon();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    private bool MayJoin =>
        _state == LinkState.Up && !TakesNoMore && _close.IsOpen && _writing is null && !_connection.HasLong
        && _queued.Count == 0 && _queued.Missed == 0 && Takes(MissedBytes + MissedBytes)
        && _window.HasFree(LeastFree);

    /// <summary>Under <c>_sending</c>. What follows goes through the connection.</summary>
    private void LeaveSeat(bool sendsRest = true)
    {
        if (_seat is { IsTaken: true } seat)
        {
            _window.Restore(seat.Leave(sendsRest));
        }
    }

    /// <summary>The link is over. Under <c>_sending</c>.</summary>
    private void GiveSeatBack()
    {
        LeaveSeat(sendsRest: false);
        _seat?.Dispose();
    }

    /// <summary>An acknowledgement has come while the peer sits. Under <c>_sending</c>.</summary>
    private void AcknowledgeSeat(uint acknowledged)
    {
        if (!_seat!.Acknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer acknowledged messages that were never sent");
        }
    }
}
