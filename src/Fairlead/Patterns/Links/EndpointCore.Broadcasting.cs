using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>What is sent to many is written once where the transport can do that.</content>
internal sealed partial class EndpointCore
{
    /// <summary>Attempts to write where somebody has not read what stands there; each time those are told to leave.</summary>
    private const int MostAttempts = 3;

    private readonly BroadcastHolder _broadcast;

    /// <summary>What this endpoint's messages are written into once for many; null where there is no such thing, or the system has given no memory for it. The first call makes it.</summary>
    public Broadcast? Broadcasting => IsBound ? _broadcast.GetOrMake() : null;

    /// <summary>Writes a message once for all of the audience that takes part. Does not block.</summary>
    /// <param name="audience">For whom it is meant.</param>
    /// <param name="header">Its length is set here.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="reached">See <see cref="Audience.IsReached"/>: all others are to be sent it.</param>
    /// <returns>For how many it was written.</returns>
    public int WriteOnce(Audience audience, MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, out ulong reached)
    {
        reached = 0;
        if (_broadcast.Current is not { } broadcast || audience.Seated is not { } seated)
        {
            return 0;
        }

        for (int i = 0; i < MostAttempts; i++)
        {
            int count = broadcast.Publish(seated, header, head, payload, out reached, out ulong inTheWay);
            if (inTheWay == 0)
            {
                if (count > 0)
                {
                    Counters.AddSent(count, (long)count * payload.Length);
                }

                return count;
            }

            foreach (Link link in _linkCache)
            {
                if (link.IsIn(inTheWay))
                {
                    link.LeaveBroadcast();
                }
            }
        }

        return 0;
    }
}
