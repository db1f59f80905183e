using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <content>
/// Taking an available message. From a single peer that shares memory, a caller takes message after message directly, until the poll set is
/// due. The caller holds the gate meanwhile: no other thread pumps, and the caller need not lead.
/// </content>
internal sealed partial class Receivers
{
    /// <summary>The queued messages that callers take before the peers are read again.</summary>
    private const int TakenBetweenReads = 16;

    /// <summary>Returns the next message that is queued or in a peer's memory; null if there is none.</summary>
    public MessageCore? TryTakeNow()
    {
        int me = NativeThread.ManagedId;
        return TryReceivePlain(me) ?? TryTake(me);
    }

    /// <summary>Returns the next message in the memory of a single peer, for a caller that has just been done with one.</summary>
    /// <remarks>
    /// Others may wait for messages here. They are there for the case that a caller takes long: see
    /// <see cref="Continuations.MayTakeAhead"/>. Returns null if this caller should wait with them.
    /// </remarks>
    public MessageCore? TryTakeAhead(CancellationToken cancellationToken)
    {
        if (!_memory.IsAlone || cancellationToken.IsCancellationRequested || !_pump.Continuations.MayTakeAhead())
        {
            return null;
        }

        int me = NativeThread.ManagedId;
        MessageCore? message;
        using (Gate.Hold(me))
        {
            bool isFree = !(_pump.IsLed || _pump.IsWanted || _life.IsClosing) && _pump.AwaitedEvents.NoneButCallers && _ready.Count == 0;
            message = isFree ? TryReceiveDirect(me) : null;
        }

        if (message is not null)
        {
            _isTakenAhead = true;
            _pump.Continuations.NoteAhead();
            Link.Of(message.PeerLink).LinkReceiver.AfterHandOver(message.Kind);
        }

        return message;
    }

    /// <summary>Returns the next message of the single peer that shares memory, if nothing about it or this endpoint is unusual.</summary>
    /// <remarks>Returns null without a change otherwise; <see cref="TryTake"/> then finds out what there is.</remarks>
    /// <param name="me">The calling thread.</param>
    /// <param name="endsLook">Whether the thread has just polled the memory.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private MessageCore? TryReceivePlain(int me, bool endsLook = false)
    {
        // Released by hand, as in LinkSender.TrySendPlain.
        BiasedLock.Scope gate = Gate.Hold(me);
        if (endsLook)
        {
            _memory.EndPoll();
        }

        MessageCore? message = null;
        Link? link = _table.Alone;
        if (link is not null
            && !_life.IsClosing
            && (_callers.Count | _ready.Count) == 0
            && _pump.MayReceiveDirect
            && _memory.MayReceiveUnseen
            && !(_pump.IsArmed && link.Memory!.Sleep.IsAnnounced))
        {
            message = link.Reader.TryReceivePlain(me, endsLook);
            if (message is not null)
            {
                _memory.CountReceive();
                _counters.AddReceived(message.Length);
            }
        }

        gate.Dispose();
        if (message is null)
        {
            return null;
        }

        if (link!.LinkReceiver.IsAckDue)
        {
            link.LinkReceiver.AfterHandOver(message.Kind);
        }
        else
        {
            _housekeeping.ServeLater(link);
        }

        return message;
    }

    /// <summary>Polls the memory for as long as the endpoint may, without leading, and takes what arrives.</summary>
    /// <remarks>Returns false if a caller already waits here, or this endpoint does not poll.</remarks>
    private bool TryPollAndReceive(Deadline deadline, int me, out MessageCore? message)
    {
        message = null;
        if (_table.Alone is not { } link || !_memory.Polls || _callers.Count > 0 || _ready.Count > 0)
        {
            return false;
        }

        // Before polling, because a clock may throw.
        TimeSpan wait = deadline.RemainingWait;
        if (!_memory.TryBeginPoll(me))
        {
            return false;
        }

        if (link.Reader.IsStreaming && link == _table.Alone)
        {
            link.Reader.Linger();
        }

        // A message that has not arrived by now was polled for long enough.
        _memory.IsSoon = _memory.Poll(wait);
        message = TryReceivePlain(me, endsLook: true) ?? TryTake(me, mayLinger: false);
        return true;
    }

    /// <summary>Returns the next available message; null if there is none, or if other callers wait.</summary>
    /// <param name="me">The calling thread.</param>
    /// <param name="mayLinger">Whether a batching delay is allowed for a stream; false if the caller has just polled.</param>
    private MessageCore? TryTake(int me, bool mayLinger = true)
    {
        if (_taken >= TakenBetweenReads && _table.Count > 1)
        {
            // The queue may be long, and all of one peer. Others must not wait until it is empty.
            _taken = 0;
            _pump.TryTurn();
        }

        MessageCore message;
        bool looks = false;
        if (mayLinger
            && _ready.Count == 0
            && _table.Alone is { Reader.IsStreaming: true } stream
            && (looks = _memory.TryBeginPoll(me))
            && _table.Alone == stream)
        {
            stream.Reader.Linger();
        }

        using (Gate.Hold(me))
        {
            if (looks)
            {
                _memory.EndPoll();
            }

            // A closing endpoint has already told its peers what it handed out, and hands out nothing more.
            _life.ThrowIfClosing();
            if (_callers.Count > 0)
            {
                return null;
            }

            if (_ready.Next(tells: true) is { } next)
            {
                message = _ready.Take(next);
                _taken++;
            }
            else if (_pump.MayReceiveDirect && TryReceiveDirect(me) is { } pulled)
            {
                message = pulled;
            }
            else
            {
                return null;
            }
        }

        Link.Of(message.PeerLink).LinkReceiver.AfterHandOver(message.Kind);
        return message;
    }

    /// <summary>Takes a message directly from the peer's memory. Under the gate, while no thread pumps.</summary>
    private MessageCore? TryReceiveDirect(int me)
    {
        if (_table.Alone is not { } link)
        {
            return null;
        }

        if (!_memory.MayGoOn() || link.Reader.TryReceiveDirect(me) is not { } message)
        {
            return null;
        }

        _memory.StopRinging(link.Memory!.Sleep);
        _counters.AddReceived(message.Length);
        if (!message.IsCached && message.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.LinkReceiver.AddActive(message);
        }

        return message;
    }
}
