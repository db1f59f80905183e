using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Direct;

/// <summary>A peer's part in the memory that is written once for many.</summary>
/// <remarks>
/// <para>
/// While the peer takes part, its slot counts what was sent to it and acknowledged by it. Anything sent to it in another way makes it leave
/// first; this keeps the order.
/// </para>
/// <para>
/// Owns nothing: the slot belongs to the sending side (<see cref="SendSide.BroadcastSlot"/>), under whose lock this works. The publisher
/// calls it.
/// </para>
/// </remarks>
internal sealed class BroadcastPlace
{
    /// <summary>The part of its window that must be free before a peer takes part again: one in this many.</summary>
    private const int LeastFree = 8;

    private readonly PeerLink _link;
    private readonly LinkSender _sender;
    private readonly LinkOutput _output;
    private readonly BroadcastHolder _broadcasts;
    private readonly Connection _connection;

    /// <param name="link">The link.</param>
    /// <param name="sender">The sending side, which has the slot.</param>
    /// <param name="broadcasts">The memory.</param>
    public BroadcastPlace(PeerLink link, LinkSender sender, BroadcastHolder broadcasts)
    {
        _link = link;
        _sender = sender;
        _output = sender.Output;
        _broadcasts = broadcasts;
        _connection = link.Connection;
    }

    /// <summary>Returns whether the peer's slot is one of these now.</summary>
    public bool IsIn(ulong places) => _sender.BroadcastSlot is { } seat && (seat.Bit & places) != 0;

    /// <inheritdoc cref="SendSide.BroadcastSlot"/>
    public BroadcastSlot? Slot => _sender.BroadcastSlot;

    /// <summary>Whether the peer has corrupted the memory that it shares with the broadcast.</summary>
    public bool HasSpoiltBroadcast => Slot is { IsCorrupt: true };

    /// <summary>Lets the peer take part if it has caught up. Returns true when it gets a slot for the first time.</summary>
    public bool TryJoin()
    {
        // Without the lock: peers that share no memory are asked after each message.
        if (_link.Memory is null || _broadcasts.GetOrMake() is not { } broadcast)
        {
            return false;
        }

        bool isNew = false;
        bool needsPump;
        using (_sender.Hold())
        {
            if (_sender.HasSlot || !MayJoin)
            {
                return false;
            }

            if (_sender.BroadcastSlot is null)
            {
                if (broadcast.TryTakeSlot(_connection) is not { } slot)
                {
                    return false;
                }

                _sender.BroadcastSlot = slot;
                isNew = true;
            }

            BroadcastSlot seat = _sender.BroadcastSlot!;
            if (!seat.MayTake)
            {
                return false;
            }

            seat.Take(new BroadcastCredit(_sender.Window.Messages, _sender.Window.Capacity, _sender.Window.Longest, _sender.Window.Tally));
            needsPump = _output.FlushSoon();
        }

        if (needsPump)
        {
            _link.Endpoint.Pump.Request();
        }

        return isNew;
    }

    /// <summary>Lets a skipped peer take part again if it has enough credit and nothing waits for it. Returns whether it does.</summary>
    public bool TryResume(int length)
    {
        using (_sender.Hold())
        {
            return _sender.HasSlot && _sender.Queue.Count == 0 && _sender.Queue.Missed == 0 && _sender.BroadcastSlot!.TryResume(length);
        }
    }

    /// <summary>Returns whether a peer has so much credit again that waiting for it is worthwhile.</summary>
    /// <remarks>Also true for a peer that does not take part, because the publisher waits for it in another way.</remarks>
    public bool HasCaughtUp(int length)
    {
        using (_sender.Hold())
        {
            return !_sender.HasSlot || _sender.Queue.Count > 0 || _sender.Queue.Missed > 0 || _sender.BroadcastSlot!.HasCaughtUp(length);
        }
    }

    /// <summary>Makes a peer leave and sends it, through its connection, the unread messages that are about to be overwritten.</summary>
    public void LeaveAndSend()
    {
        bool needsPump;
        using (_sender.Hold())
        {
            _sender.Leave();
            needsPump = _output.FlushSoon();
        }

        if (needsPump)
        {
            _link.Endpoint.Pump.Request();
        }
    }

    private bool MayJoin =>
        _link.State == LinkState.Up && !_output.TakesNoMore && _link.CloseHandshake.IsOpen && _output.Writing is null
        && !_connection.HasLong
        && _sender.Queue.Count == 0 && _sender.Queue.Missed == 0 && _sender.Takes(MissedMessages.HeadBytes + MissedMessages.HeadBytes)
        && _sender.Window.HasFree(LeastFree);

    /// <summary>Releases the slot when the link ends. Under the send lock.</summary>
    public void ReleaseSlot()
    {
        _sender.Leave(sendsRest: false);
        _sender.BroadcastSlot?.Dispose();
    }
}
