using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// A caller who receives from the one peer that shares memory with him takes message for message from there, as long as nobody needs the
/// poll set: he holds the gate, so nobody pumps, and leads nothing.
/// </content>
internal sealed partial class EndpointCore
{
    /// <summary>After so many he looks at the poll set: somebody new may stand before the door.</summary>
    private const int PullsPerPoll = 1024;

    private int _pulls;

    /// <summary>Whether the pattern must hear of each acknowledgement.</summary>
    public bool HearsOfCredit => Profile.Kind == PatternKind.WorkQueue || _watches.Length > 0;

    /// <summary>
    /// How many messages a turn takes of a peer that shares memory with this endpoint alone: who leads and waits for one is back for the
    /// next, and takes it without a turn. By the pump.
    /// </summary>
    public int MessagesWanted => Pump.Memory.IsLedByReceiver && Pump.Memory.IsAlone ? Math.Max(1, _receivers.Count) : int.MaxValue;

    /// <summary>Under the gate.</summary>
    private MessageCore? TryPull(int me)
    {
        if (Pump.Memory.Alone is not { } link || !Pump.MayPull)
        {
            return null;
        }

        if (!MayGoOn() || link.TryPull(me) is not { } message)
        {
            return null;
        }

        Pump.Memory.StopRinging(link.Memory!.Sleep);
        Counters.AddReceived(message.Length);
        if (!message.IsResident && message.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.AddActive(message);
        }

        return message;
    }

    /// <summary>
    /// The next message of the one peer that shares memory, if it lies there and nothing about it, or here, is unusual. Null: nothing was
    /// done, and the ordinary way says what there is.
    /// </summary>
    /// <param name="me">The calling thread.</param>
    /// <param name="endsLook">Whether it has just looked.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public MessageCore? TryReceivePlain(int me, bool endsLook = false)
    {
        // Left by hand, as in Link.TrySendPlain.
        BiasedLock.Scope gate = Gate.Hold(me);
        if (endsLook)
        {
            Pump.Memory.EndLook();
        }

        MessageCore? message = null;
        Link? link = Pump.Memory.Alone;
        if (link is not null
            && !IsClosing
            && (_receivers.Count | _ready.Count) == 0
            && Pump.MayPull
            && ((_pulls + 1) & (PullsPerPoll - 1)) != 0
            && !(Pump.IsArmed && link.Memory!.Sleep.IsAnnounced))
        {
            message = link.TryPullPlain(me, endsLook);
            if (message is not null)
            {
                _pulls++;
                Counters.AddReceived(message.Length);
            }
        }

        gate.Dispose();
        if (message is null)
        {
            return null;
        }

        if (link!.IsAckDue)
        {
            link.AfterHandOver(message.Kind);
        }
        else
        {
            Housekeeping.ServeLater();
        }

        return message;
    }

    /// <summary>Whether it is not yet time to look at the poll set, or nothing is there. Under the gate.</summary>
    private bool MayGoOn()
    {
        if ((++_pulls & (PullsPerPoll - 1)) != 0 || !Pump.PollSet.HasEvents)
        {
            return true;
        }

        Pump.Memory.PollSoon();
        return false;
    }

    /// <summary>
    /// Sends a plain message to the one peer that shares memory, if that goes at once and nobody measures or traces it. False: nothing was
    /// done.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TrySendPlain(ReadOnlySpan<byte> payload)
    {
        if (Pump.Memory.Alone is not { } link || IsClosing || OperationMeter.IsOn || Tracing.IsWatched)
        {
            return false;
        }

        int me = NativeThread.ManagedId;
        PlainSending outcome = link.TrySendPlain(payload, me);
        return outcome == PlainSending.Sent || FinishSending(link, payload, me, outcome);
    }

    private bool FinishSending(Link link, ReadOnlySpan<byte> payload, int me, PlainSending outcome)
    {
        if (outcome == PlainSending.HalfFull)
        {
            if (link.IsTimeToLook())
            {
                LookForAcks();
            }

            return true;
        }

        if (link.HasRoomNow)
        {
            return false;
        }

        LookForAcks();
        return link.TrySendPlain(payload, me) != PlainSending.NotSent;
    }

    /// <summary>The acknowledgements have probably come, and nobody has read them: without a turn, where nothing else has.</summary>
    public void LookForAcks()
    {
        int me = NativeThread.ManagedId;
        using (Gate.Hold(me))
        {
            if (Pump.Memory.Alone is { } link && Pump.MayPull && MayGoOn() && link.PullAcks(me))
            {
                Pump.Memory.StopRinging(link.Memory!.Sleep);
                return;
            }
        }

        Pump.TryTurn();
    }

    /// <summary>
    /// Looks at the memory for as long as the endpoint may, without leading, and takes what comes. False: somebody waits here already, or
    /// this endpoint does not look.
    /// </summary>
    private bool TryLookAndPull(Deadline deadline, int me, out MessageCore? message)
    {
        message = null;
        if (Pump.Memory.Alone is not { } link || !Pump.Memory.Looks || _receivers.Count > 0 || _ready.Count > 0)
        {
            return false;
        }

        // Before the look: a clock may throw.
        TimeSpan wait = deadline.RemainingWait;
        if (!Pump.Memory.TryBeginLook(me))
        {
            return false;
        }

        if (link.IsStreaming && link == Pump.Memory.Alone)
        {
            link.Linger();
        }

        // What did not come by now has been looked for long enough.
        Pump.Memory.IsSoon = Pump.Memory.Look(wait);
        message = TryReceivePlain(me, endsLook: true) ?? TryTake(me, mayLinger: false);
        return true;
    }
}
