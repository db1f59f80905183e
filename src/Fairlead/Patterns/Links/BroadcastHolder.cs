using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The memory into which an endpoint writes each message once for many peers.</summary>
/// <remarks>
/// The first use creates it, if the transport supports it and the system provides the memory. Otherwise each peer gets a separate copy,
/// which costs more and has the same result. A separate lock guards creating and releasing the memory. Reading needs no lock.
/// </remarks>
internal sealed class BroadcastHolder(EndpointCore endpoint) : IDisposable
{
    /// <summary>Attempts to write when a peer has not read the memory to overwrite; after each failure such peers have to leave.</summary>
    private const int MostAttempts = 3;

    private readonly RankedLock _gate = new(LockRank.BroadcastHolder);
    private Broadcast? _broadcast;
    private bool _hasTried;

    /// <summary>Returns the memory, which the first call creates; null if the transport or the system does not provide it.</summary>
    public Broadcast? GetOrMake()
    {
        if (!endpoint.IsBound)
        {
            return null;
        }

        if (Volatile.Read(ref _hasTried))
        {
            return _broadcast;
        }

        using (_gate.Hold())
        {
            if (!_hasTried && !endpoint.IsClosing)
            {
                try
                {
                    _broadcast = BuiltInTransports.Find(endpoint.Address).CreateBroadcast(endpoint.Settings, endpoint.Counters);
                }
                catch (FairleadException exception)
                {
                    FairleadEventSource.Log.CannotBroadcast(endpoint.Address.Display, exception.WhatHappened);
                }

                Volatile.Write(ref _hasTried, true);
            }

            return _broadcast;
        }
    }

    /// <summary>Writes a message once for all members of the audience that take part. Does not block.</summary>
    /// <param name="audience">The links to reach.</param>
    /// <param name="payload">The payload, or its beginning, which is copied.</param>
    /// <param name="behind">The rest of the payload.</param>
    /// <param name="reached">The links reached (<see cref="Audience.IsReached"/>). The caller sends the message to all others.</param>
    /// <returns>The number of links it was written for.</returns>
    public int WriteOnce(Audience audience, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> behind, out ulong reached)
    {
        reached = 0;
        if (_broadcast is not { } broadcast || audience.Seated is not { } seated)
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

            foreach (Link link in endpoint.LinkSnapshot)
            {
                if (link.Place.IsIn(inTheWay))
                {
                    link.Place.LeaveAndSend();
                }
            }
        }

        return 0;
    }

    /// <summary>Releases the memory at the endpoint's end, when all links are down.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _hasTried = true;
            _broadcast?.Dispose();
        }
    }
}
