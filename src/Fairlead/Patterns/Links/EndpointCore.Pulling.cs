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
    /// <summary>Whether the pattern must hear of each acknowledgement.</summary>
    public bool HearsOfCredit => Profile.Kind == PatternKind.WorkQueue || Watches.Any;

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
            if (Pump.Memory.Alone is { } link && Pump.MayPull && Pump.Memory.MayGoOn() && link.PullAcks(me))
            {
                Pump.Memory.StopRinging(link.Memory!.Sleep);
                return;
            }
        }

        Pump.TryTurn();
    }
}
