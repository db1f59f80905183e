using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Direct;

/// <summary>The memory into which an endpoint writes each message once for many peers.</summary>
/// <remarks>
/// The first use creates it, if the transport supports it and the system provides the memory. Otherwise each peer gets a separate copy,
/// which costs more and has the same result. A separate lock guards creating and releasing the memory. Reading needs no lock.
/// </remarks>
internal sealed class BroadcastHolder(EndpointContext endpoint) : IDisposable
{
    private readonly RankedLock _gate = new(LockRank.BroadcastHolder);
    private Broadcast? _broadcast;
    private bool _hasTried;

    /// <summary>The memory, if it exists.</summary>
    public Broadcast? Current => _broadcast;

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
