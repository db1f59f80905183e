using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The memory into which an endpoint writes each message once for many peers. It is made at the first use, where the transport has such a
/// thing and the system gives memory for it; else each peer is sent its own, which costs more and is the same.
/// </summary>
/// <remarks>Has a lock of its own, under which the memory is made and given back. It may be read without it.</remarks>
internal sealed class BroadcastHolder(EndpointCore endpoint) : IDisposable
{
    /// <summary>Attempts to write where somebody has not read what stands there; each time those are told to leave.</summary>
    private const int MostAttempts = 3;

    private readonly RankedLock _gate = new(LockRank.BroadcastHolder);
    private Broadcast? _broadcast;
    private bool _hasTried;

    /// <summary>The memory, which the first call makes; null where there is no such thing, or the system has given none.</summary>
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
                    _broadcast = BuiltInTransports.Find(endpoint.Address).CreateBroadcast(endpoint.Settings);
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
        if (_broadcast is not { } broadcast || audience.Seated is not { } seated)
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
                    endpoint.Counters.AddSent(count, (long)count * payload.Length);
                }

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

    /// <summary>By the endpoint's end, when all links are down.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _hasTried = true;
            _broadcast?.Dispose();
        }
    }
}
