using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// A blocking caller who alone waits for the answers of one peer that shares memory with him asks, looks, and takes the reply from where it
/// lies, without leading. What is not so simple (another asks meanwhile, something else comes, the reply is long or takes long, somebody
/// pumps) is left to the operation of the call, which is like any other from then on.
/// </content>
internal sealed unsafe partial class EndpointCore
{
    /// <summary>
    /// Asks by the short way. The reply; or null with the operation that its caller is to wait for; or null without one: nothing was done.
    /// </summary>
    /// <param name="flags">Of the request.</param>
    /// <param name="head">What stands before it.</param>
    /// <param name="payload">Stays where it is until the reply is there, or the operation has ended.</param>
    /// <param name="length">Of the payload.</param>
    /// <param name="deadline">When the caller gives up.</param>
    /// <param name="call">To be waited for.</param>
    public MessageCore? CallShort(
        MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, out LinkOperation? call)
    {
        call = null;
        if (Pump.Memory.Alone is not { } link
            || !Pump.Memory.Looks
            || !Pump.MayPull
            || IsClosing
            || OperationMeter.IsOn
            || Tracing.IsWatched)
        {
            return null;
        }

        // Before anything is done: a clock may throw.
        TimeSpan wait = deadline.RemainingWait;
        int me = NativeThread.ManagedId;
        call = link.TryAskShort(flags, head, payload, length, deadline, me);
        if (call is null || !Pump.Memory.TryBeginLook(me))
        {
            return null;
        }

        // What did not come by now has been looked for long enough.
        Pump.Memory.IsSoon = Pump.Memory.Look(wait, call);
        MessageCore? reply;
        using (Gate.Hold(me))
        {
            Pump.Memory.EndLook();
            reply = Pump.Memory.IsSoon && Pump.MayPull && Pump.Memory.Alone == link && Pump.Memory.MayGoOn()
                ? TakeReply(link, call, me)
                : null;
        }

        if (reply is not null)
        {
            Housekeeping.ServeLater();
        }

        return reply;
    }

    private MessageCore? TakeReply(Link link, LinkOperation call, int me)
    {
        MessageCore? reply = link.TryPullReply(call, me);
        if (reply is not null)
        {
            Pump.Memory.StopRinging(link.Memory!.Sleep);
        }

        return reply;
    }
}
