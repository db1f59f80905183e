using Fairlead.Patterns.Links.Direct;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Session;

namespace Fairlead.Patterns.Links;

/// <summary>Writes messages once for many peers, into the memory of <see cref="BroadcastHolder"/>. Owns nothing.</summary>
/// <param name="core">The endpoint that publishes.</param>
internal readonly struct BroadcastWriter(EndpointCore core)
{
    /// <summary>Attempts to write when a peer has not read the memory to overwrite; after each failure such peers have to leave.</summary>
    private const int MostAttempts = 3;

    /// <summary>Writes a message once for all members of the audience that take part. Does not block.</summary>
    /// <param name="audience">The links to reach.</param>
    /// <param name="payload">The payload, or its beginning, which is copied.</param>
    /// <param name="behind">The rest of the payload.</param>
    /// <param name="reached">The links reached (<see cref="Audience.IsReached"/>). The caller sends the message to all others.</param>
    /// <returns>The number of links it was written for.</returns>
    public int WriteOnce(Audience audience, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> behind, out ulong reached)
    {
        reached = 0;
        if (core.BroadcastHolder.Current is not { } broadcast || audience.WithSlots is not { } seated)
        {
            return 0;
        }

        for (int i = 0; i < MostAttempts; i++)
        {
            int count = broadcast.Publish(seated, payload, behind, out reached, out ulong inTheWay);
            if (inTheWay == 0)
            {
                return count;
            }

            foreach (Link link in core.LinkSnapshot)
            {
                if (link.Place.IsIn(inTheWay))
                {
                    link.Place.LeaveAndSend();
                }
            }
        }

        return 0;
    }
}
