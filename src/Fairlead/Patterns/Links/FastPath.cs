using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Sends to the one peer that shares memory with an endpoint, reads its acknowledgements, and calls it, all without a pump iteration.
/// </summary>
/// <remarks>
/// Owns nothing that changes: it works under the endpoint's gate and the link's send lock, on what <see cref="MemoryWaiter"/> and the link
/// own. <see cref="Outbox"/> tries it first. It refuses what is not simple, before it has done anything, and the ordinary path takes over.
/// The way up is in <see cref="Receivers"/>.
/// </remarks>
internal sealed unsafe class FastPath
{
    private readonly Pump _pump;
    private readonly MemoryWaiter _memory;
    private readonly EndpointLife _life;
    private readonly Housekeeping _housekeeping;

    /// <param name="endpoint">The endpoint that sends; its pump and its housekeeping exist already.</param>
    public FastPath(EndpointCore endpoint)
    {
        _pump = endpoint.Pump;
        _memory = endpoint.Pump.Memory;
        _life = endpoint.Life;
        _housekeeping = endpoint.Housekeeping;
    }

    /// <summary>Sends a plain message, if that goes at once and nobody measures or traces it. False: nothing was done.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TrySendPlain(ReadOnlySpan<byte> payload)
    {
        if (_memory.Alone is not { } link || _life.IsClosing || OperationMeter.IsOn || Tracing.IsWatched)
        {
            return false;
        }

        int me = NativeThread.ManagedId;
        PlainSending outcome = link.Sending.TrySendPlain(payload, me);
        return outcome == PlainSending.Sent || FinishSending(link, payload, me, outcome);
    }

    /// <summary>
    /// Reads acknowledgements that have probably come, and that nobody has read: directly, or by a pump iteration if other things have come
    /// too.
    /// </summary>
    public void LookForAcks()
    {
        int me = NativeThread.ManagedId;
        using (_pump.Gate.Hold(me))
        {
            if (_memory.Alone is { } link && _pump.MayPull && _memory.MayGoOn() && link.Reader.PullAcks(me))
            {
                _memory.StopRinging(link.Memory!.Sleep);
                return;
            }
        }

        _pump.TryTurn();
    }

    /// <summary>
    /// Calls the peer: sends the request, polls the memory, and takes the reply from where it lies, without leading. Returns the reply; or
    /// null and the operation that the caller then waits for, of the kind for one that blocks; or null without one: nothing was done.
    /// </summary>
    /// <remarks>
    /// The operation is left where the call is not alone, something else comes, the reply is long or takes long, or another thread pumps.
    /// From then on it is like any other.
    /// </remarks>
    /// <param name="flags">Of the request.</param>
    /// <param name="head">What stands before it.</param>
    /// <param name="payload">
    /// Of a caller that blocks, stays where it is until the reply is there, or the operation has ended. Of one that awaits, is free when
    /// this returns.
    /// </param>
    /// <param name="length">Of the payload.</param>
    /// <param name="deadline">When the caller gives up.</param>
    /// <param name="blocks">Whether the caller does.</param>
    /// <param name="call">To be waited for.</param>
    public MessageCore? TryCall(
        MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, bool blocks, out LinkOperation? call)
    {
        call = null;
        if (_memory.Alone is not { } link
            || !_memory.Looks
            || !_pump.MayPull
            || _life.IsClosing
            || OperationMeter.IsOn
            || Tracing.IsWatched)
        {
            return null;
        }

        // Before anything is done: a clock may throw.
        TimeSpan wait = deadline.RemainingWait;
        int me = NativeThread.ManagedId;
        call = link.Calls.TryAskShort(flags, head, payload, length, deadline, me);
        if (call is null)
        {
            return null;
        }

        MessageCore? reply = LookForReply(link, call, wait, me);
        if (reply is not null)
        {
            _housekeeping.ServeLater();
        }
        else if (!blocks)
        {
            link.Calls.Join();
        }

        return reply;
    }

    private MessageCore? LookForReply(Link link, LinkOperation call, TimeSpan wait, int me)
    {
        if (!_memory.TryBeginLook(me))
        {
            return null;
        }

        // A reply that has not come by now was polled for long enough.
        _memory.IsSoon = _memory.Look(wait, call);
        using (_pump.Gate.Hold(me))
        {
            _memory.EndLook();
            return _memory.IsSoon && _pump.MayPull && _memory.Alone == link && _memory.MayGoOn() ? TakeReply(link, call, me) : null;
        }
    }

    private bool FinishSending(Link link, ReadOnlySpan<byte> payload, int me, PlainSending outcome)
    {
        if (outcome == PlainSending.HalfFull)
        {
            if (link.Sending.IsTimeToLook())
            {
                LookForAcks();
            }

            return true;
        }

        if (link.Sending.HasRoomNow)
        {
            return false;
        }

        LookForAcks();
        return link.Sending.TrySendPlain(payload, me) != PlainSending.NotSent;
    }

    private MessageCore? TakeReply(Link link, LinkOperation call, int me)
    {
        MessageCore? reply = link.Calls.TryPullReply(call, me);
        if (reply is not null)
        {
            _memory.StopRinging(link.Memory!.Sleep);
        }

        return reply;
    }
}
