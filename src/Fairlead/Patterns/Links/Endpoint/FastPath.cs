using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Sends, reads acknowledgements and calls over shared memory with a single peer, without a pump iteration.</summary>
/// <remarks>
/// Owns no state that changes. It works under the endpoint's gate and the link's send lock, on the state of <see cref="MemoryWaiter"/> and
/// the link. <c>Outbox</c> tries it first. If a case is not simple, the fast path refuses before doing anything, and the ordinary
/// path takes over. The fast path for receiving is in <see cref="Receivers"/>.
/// </remarks>
internal sealed unsafe class FastPath
{
    private readonly LinkTable _table;
    private readonly Pump _pump;
    private readonly MemoryWaiter _memory;
    private readonly EndpointLife _life;
    private readonly Housekeeping _housekeeping;

    /// <param name="endpoint">The sending endpoint.</param>
    /// <param name="table">Its links.</param>
    /// <param name="housekeeping">Acknowledges later.</param>
    public FastPath(EndpointContext endpoint, LinkTable table, Housekeeping housekeeping)
    {
        _table = table;
        _pump = endpoint.Pump;
        _memory = endpoint.Pump.MemoryWaiter;
        _life = endpoint.Life;
        _housekeeping = housekeeping;
    }

    /// <summary>Sends a data message without a head, if that works immediately and is neither measured nor traced.</summary>
    /// <remarks>Returns false if nothing was done.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TrySendPlain(ReadOnlySpan<byte> payload)
    {
        if (_table.Alone is not { } link || _life.IsClosing || OperationMeter.IsOn || Tracing.IsWatched)
        {
            return false;
        }

        int me = NativeThread.ManagedId;
        return link.LinkSender.TrySendPlain(payload, me, out bool isHalfFull)
            ? !isHalfFull || LookIfTime(link)
            : TryAgain(link, payload, me);
    }

    /// <summary>Reads acknowledgements that have probably arrived, directly or by a pump iteration if other data has arrived,
    /// too.</summary>
    public void LookForAcks()
    {
        int me = NativeThread.ManagedId;
        using (_pump.Gate.Hold(me))
        {
            if (_table.Alone is { } link && _pump.MayReceiveDirect && _memory.MayGoOn() && link.Reader.ReadAcks(me))
            {
                _memory.StopRinging(link.Memory!.Sleep);
                return;
            }
        }

        _pump.TryTurn();
    }

    /// <summary>Whether <see cref="TryCall"/> may do something now. Its caller asks this first.</summary>
    public bool MayCall =>
        _table.Alone is not null
        && _memory.Polls
        && _pump.MayReceiveDirect
        && !_life.IsClosing
        && !OperationMeter.IsOn
        && !Tracing.IsWatched;

    /// <summary>Calls the peer without leading: sends the request, polls the memory, and takes the reply from it.</summary>
    /// <remarks>
    /// Returns the reply. Otherwise it returns null, with an operation that the caller waits for; without an operation, nothing was done.
    /// The operation remains if other calls are in progress, other data arrives, the reply is long or late, or another thread pumps. It is
    /// then like any other operation.
    /// </remarks>
    /// <param name="flags">The flags of the request.</param>
    /// <param name="head">The head of the request.</param>
    /// <param name="payload">
    /// The payload. A blocking caller must keep it in place until the reply arrives or the operation ends. An asynchronous caller may reuse
    /// it when this returns.
    /// </param>
    /// <param name="length">The length of the payload.</param>
    /// <param name="deadline">When the caller gives up.</param>
    /// <param name="blocks">Whether the caller blocks.</param>
    /// <param name="call">The operation to wait for.</param>
    public MessageCore? TryCall(
        MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, bool blocks, out LinkOperation? call)
    {
        call = null;
        if (_table.Alone is not { } link)
        {
            return null;
        }

        // Before anything is done, because a clock may throw.
        TimeSpan wait = deadline.RemainingWait;
        int me = NativeThread.ManagedId;
        call = link.Calls.TryRequestDirect(flags, head, payload, length, deadline, me);
        if (call is null)
        {
            return null;
        }

        MessageCore? reply = PollForReply(link, call, wait, me);
        if (reply is not null)
        {
            _housekeeping.ServeLater(link);
        }
        else if (!blocks)
        {
            link.Calls.Join();
        }

        return reply;
    }

    private MessageCore? PollForReply(Link link, LinkOperation call, TimeSpan wait, int me)
    {
        if (!_memory.TryBeginPoll(me))
        {
            return null;
        }

        // A reply that has not arrived by now was polled for long enough.
        _memory.IsSoon = _memory.Poll(wait, call);
        using (_pump.Gate.Hold(me))
        {
            _memory.EndPoll();
            return _memory.IsSoon && _pump.MayReceiveDirect && _table.Alone == link && _memory.MayGoOn() ? TakeReply(link, call, me) : null;
        }
    }

    /// <summary>Reads acknowledgements now and then while more than half of the window is used. Returns true.</summary>
    private bool LookIfTime(Link link)
    {
        if (link.LinkSender.IsTimeToLook())
        {
            LookForAcks();
        }

        return true;
    }

    private bool TryAgain(Link link, ReadOnlySpan<byte> payload, int me)
    {
        if (link.LinkSender.HasRoomNow)
        {
            return false;
        }

        LookForAcks();
        return link.LinkSender.TrySendPlain(payload, me, out _);
    }

    private MessageCore? TakeReply(Link link, LinkOperation call, int me)
    {
        MessageCore? reply = link.Calls.TryReceiveReply(call, me);
        if (reply is not null)
        {
            _memory.StopRinging(link.Memory!.Sleep);
        }

        return reply;
    }
}
