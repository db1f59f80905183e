using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The memory into which an endpoint writes each message once for many peers. It is made at the first use, where the transport has such a
/// thing and the system gives memory for it; else each peer is sent its own, which costs more and is the same.
/// </summary>
/// <remarks>Has a lock of its own, under which the memory is made and given back. It may be read without it.</remarks>
internal sealed class BroadcastHolder(EndpointCore endpoint) : IDisposable
{
    private readonly RankedLock _gate = new(LockRank.BroadcastHolder);
    private Broadcast? _broadcast;
    private bool _hasTried;

    /// <summary>What has been made; null where nothing was, or could be.</summary>
    public Broadcast? Current => _broadcast;

    /// <summary>The same; the first call makes it.</summary>
    public Broadcast? GetOrMake()
    {
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
