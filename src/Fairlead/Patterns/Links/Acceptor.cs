using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Lets in who connects to a bound endpoint: so many in a turn, and none for a while where the process has few descriptors left.
/// </summary>
/// <remarks>
/// Owns the listener. Accepts by the pump; goes on by the rounds, and stops by any thread: each takes what it needs of it in one step. No
/// lock.
/// </remarks>
/// <param name="endpoint">Whose peers they are.</param>
/// <param name="pollSet">Of the endpoint, which wakes it.</param>
/// <param name="token">The listener's name there.</param>
/// <param name="listener">Null at a connected endpoint.</param>
/// <param name="entry">What says so to others.</param>
internal sealed class Acceptor(EndpointCore endpoint, PollSet pollSet, ulong token, IListener? listener, EndpointEntry entry)
{
    private const int AcceptsPerTurn = 64;

    /// <summary>Peers that have connected to one endpoint and not been through the handshake.</summary>
    private const int MostHandshakes = 4096;

    private IListener? _listener = listener;
    private volatile bool _isPaused;

    /// <summary>Once, behind which the poll set wakes the endpoint for who connects.</summary>
    public void Start()
    {
        if (_listener is { } started)
        {
            pollSet.Add(started.WaitDescriptor, token, PollEvents.Read);
        }
    }

    /// <summary>Nobody is let in any more. Any thread; harmless the second time.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _listener, null) is { } stopped)
        {
            // Before the place can be another's, and its file's number another file's.
            entry.GivePlaceBack();
            try
            {
                pollSet.Remove(stopped.WaitDescriptor);
            }
            finally
            {
                stopped.Dispose();
            }
        }
    }

    /// <summary>Lets in who stands before the door. By the pump.</summary>
    public void Accept(Completions completions)
    {
        try
        {
            for (int i = 0; i < AcceptsPerTurn && !endpoint.IsClosing; i++)
            {
                if (Volatile.Read(ref _listener) is not { } open)
                {
                    return;
                }

                if (DescriptorReserve.IsTouchedBy(open.WaitDescriptor))
                {
                    Pause("the process has few descriptors left, which are kept for what it does itself: raise its limit (ulimit -n)");
                    return;
                }

                Connection? accepted = open.TryAccept();
                for (int dropped = open.TakeDropped(); dropped > 0; dropped--)
                {
                    endpoint.Drops.Count();
                }

                if (accepted is not { } connection)
                {
                    return;
                }

                endpoint.AddLink(connection, isAccepted: true, completions);
                KeepHandshakesBounded();
            }
        }
        catch (Exception exception)
        {
            Pause((exception as FairleadException)?.WhatHappened ?? exception.ToString());
        }
    }

    /// <summary>By the rounds: tries again, where that was paused.</summary>
    public void Resume()
    {
        if (_isPaused && Volatile.Read(ref _listener) is { } open)
        {
            _isPaused = false;
            pollSet.TryModify(open.WaitDescriptor, token, PollEvents.Read);
        }
    }

    /// <summary>Those who wait stay in the kernel's queue, and are accepted when the slow rounds try again.</summary>
    private void Pause(string why)
    {
        FairleadEventSource.Log.CannotAccept(endpoint.Address.Display, why);
        if (Volatile.Read(ref _listener) is { } open)
        {
            _isPaused = true;
            pollSet.TryModify(open.WaitDescriptor, token, PollEvents.None);
            endpoint.Housekeeping.ServeLater();
        }
    }

    /// <summary>
    /// Of those who have connected and not said who they are only so many are kept: the oldest makes room, since an honest one is through
    /// at once.
    /// </summary>
    private void KeepHandshakesBounded()
    {
        Link[] links = endpoint.LinkSnapshot;
        if (links.Length <= MostHandshakes)
        {
            return;
        }

        Link? oldest = null;
        int count = 0;
        foreach (Link link in links)
        {
            if (link.State == LinkState.Handshaking && link.IsAccepted && !endpoint.EndsWithPeer)
            {
                count++;
                oldest = oldest is null || link.Token < oldest.Token ? link : oldest;
            }
        }

        if (count > MostHandshakes)
        {
            oldest!.Kill(CloseReason.Limit, "too many others connected and said nothing");
        }
    }
}
