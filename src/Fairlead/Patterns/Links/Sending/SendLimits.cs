using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Sending;

/// <summary>
/// Decides whether a message may go now, by all that may hinder it: the link's state, earlier messages, the peer's credit, and what this
/// end may buffer.
/// </summary>
/// <remarks>Owns nothing. Under the send lock, and so is each member.</remarks>
internal sealed class SendLimits
{
    private readonly PeerLink _link;
    private readonly SendSide _side;
    private readonly LinkOutput _output;
    private readonly Connection _connection;
    private readonly EndpointContext _endpoint;

    /// <param name="link">The link.</param>
    /// <param name="side">The window, the queue and the slot in a broadcast.</param>
    /// <param name="output">Writes out what is buffered, where that makes room.</param>
    public SendLimits(PeerLink link, SendSide side, LinkOutput output)
    {
        _link = link;
        _side = side;
        _output = output;
        _connection = link.Connection;
        _endpoint = link.Endpoint;
    }

    /// <summary>Whether sending needs nothing but credit and capacity in the peer's memory.</summary>
    public bool IsPlain =>
        _link.State == LinkState.Up
        && _link.CloseHandshake.IsOpen
        && !(_output.TakesNoMore | _link.IsRaw)
        && _side.Queue.Count == 0
        && _side.Queue.Missed == 0
        && _side.BroadcastSlot is null;

    /// <summary>Returns Sent if a data message of this length may go now, else Full or PeerGone.</summary>
    public LinkOutcome Check(int length)
    {
        if (_link.State is LinkState.Down || _output.IsBroken || !_link.CloseHandshake.IsOpen || _link.State is LinkState.PeerClosed)
        {
            return LinkOutcome.PeerGone;
        }

        if (_side.Queue.Count > 0 || _link.State == LinkState.Handshaking)
        {
            return LinkOutcome.Full;
        }

        return HasCredit(length + (_side.Queue.Missed > 0 ? MissedMessages.HeadBytes : 0)) ? LinkOutcome.Sent : LinkOutcome.Full;
    }

    /// <summary>Returns Sent if the message of an operation may go now, else Full or PeerGone.</summary>
    public LinkOutcome Check(LinkOperation operation) =>
        _link.State is LinkState.Down || _output.IsBroken ? LinkOutcome.PeerGone
        : !HasPlaceFor(operation) ? LinkOutcome.Full
        : operation.Header.Kind.IsData() ? Check(operation.Length)
        : LinkOutcome.Sent;

    /// <summary>Returns whether the first message of the queue may go now.</summary>
    public bool AllowsNext(LinkOperation operation) =>
        HasCredit(operation.Length + (operation.Missed > 0 ? MissedMessages.HeadBytes : 0))
        && HasPlaceFor(operation)
        && !(_connection.HasLong && operation.PayloadLength >= _connection.LongThreshold);

    private bool HasCredit(int length)
    {
        if (_link.IsRaw)
        {
            return !_connection.HasLong && HasBuffer(length) && (_connection.Room is not { } room || HasRoom(room, length));
        }

        if (_side.HasSlot)
        {
            return _side.BroadcastSlot!.HasRoom(length);
        }

        return _side.Window.HasCredit(length) && HasBuffer(length);
    }

    /// <summary>Returns whether this end may buffer a message of this length until the kernel takes it.</summary>
    /// <remarks>
    /// This end's own capacity decides, because a peer may announce any window and then not read. A message longer than the capacity passes
    /// when nothing is buffered.
    /// </remarks>
    private bool HasBuffer(int length)
    {
        if (FitsBuffer(length))
        {
            return true;
        }

        if (_output.TakesNoMore || _connection.HasLong)
        {
            return false;
        }

        // No event announces that this output can be written, so it is written now.
        if (_output.FlushNow())
        {
            _endpoint.Pump.RequestTurnFromAnywhere();
        }

        return FitsBuffer(length);
    }

    private bool FitsBuffer(int length)
    {
        int unflushed = _connection.Unflushed;
        return unflushed == 0 || (long)unflushed + length + MessageHeader.Size <= _endpoint.Settings.Capacity;
    }

    private bool HasRoom(OutputRoom room, int length)
    {
        int reports;
        do
        {
            reports = _output.RoomReports;
            if (room.Has(length))
            {
                return true;
            }

            // The descriptor reports capacity later, as after an incomplete flush.
        }
        while (!_output.TryBlock(reports));
        return false;
    }

    /// <summary>Returns whether the receiver has capacity for one more file, and the connection for its message.</summary>
    private bool HasPlaceFor(LinkOperation operation) => operation.Handle is null || (!_connection.HasLong && _link.HandleWindow.HasPlace);
}
