using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Accepts connections to a bound endpoint.</summary>
/// <remarks>
/// One pump iteration accepts a limited number. When the process has few descriptors left, accepting pauses. The acceptor owns the
/// listener. The pump accepts, the deferred work resumes, and any thread may stop. Each takes what it needs in one atomic step, without a
/// lock.
/// </remarks>
/// <param name="endpoint">The endpoint that accepts.</param>
/// <param name="owner">Gets what is accepted.</param>
/// <param name="table">Its links.</param>
/// <param name="pollSet">The poll set of the endpoint, which the listener wakes.</param>
/// <param name="token">The listener's token in the poll set.</param>
/// <param name="listener">The listener; null for a connected endpoint.</param>
/// <param name="entry">The registry entry of the endpoint.</param>
internal sealed class Acceptor(
    EndpointContext endpoint, IAcceptorOwner owner, LinkTable table, PollSet pollSet, ulong token, IListener? listener, EndpointEntry entry)
{
    private const int AcceptsPerTurn = 64;

    /// <summary>The most peers of one endpoint that are connected but have not completed the handshake.</summary>
    private const int MostHandshakes = 4096;

    private IListener? _listener = listener;
    private volatile bool _isPaused;

    /// <summary>Adds the listener to the poll set; new connections then wake the endpoint. Called once.</summary>
    public void Start()
    {
        if (_listener is { } started)
        {
            pollSet.Add(started.WaitDescriptor, token, PollEvents.Read);
        }
    }

    /// <summary>Stops accepting and closes the listener. Any thread; a second call has no effect.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _listener, null) is { } stopped)
        {
            // Before another endpoint can get the address, and another file the inode number.
            entry.GivePlaceBack();
            pollSet.Remove(stopped.WaitDescriptor);
            stopped.Dispose();
        }
    }

    /// <summary>Accepts waiting connections. Called by the pump.</summary>
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

                if (!open.CarriesMessages && DescriptorReserve.IsTouchedBy(open.WaitDescriptor))
                {
                    Pause("the process has few descriptors left and keeps them for its own use: raise its limit (ulimit -n)");
                    return;
                }

                Connection? accepted = open.TryAccept();
                for (int dropped = open.TakeDropped(); dropped > 0; dropped--)
                {
                    endpoint.DropReport.Count();
                }

                if (accepted is not { } connection)
                {
                    return;
                }

                owner.OnAccepted(connection, completions);
                KeepHandshakesBounded();
            }
        }
        catch (Exception exception)
        {
            Pause((exception as FairleadException)?.WhatHappened ?? exception.ToString());
        }
    }

    /// <summary>Resumes accepting after a pause. Called by the deferred work.</summary>
    public void Resume()
    {
        if (_isPaused && Volatile.Read(ref _listener) is { } open)
        {
            _isPaused = false;
            pollSet.TryModify(open.WaitDescriptor, token, PollEvents.Read);
        }
    }

    /// <summary>Pauses accepting. Connections wait in the kernel's queue until the deferred work resumes.</summary>
    private void Pause(string why)
    {
        FairleadEventSource.Log.CannotAccept(endpoint.Address.Display, why);
        if (Volatile.Read(ref _listener) is { } open)
        {
            // In this order: a resume between the two lines may allow one more attempt, but no pause is left without an end.
            pollSet.TryModify(open.WaitDescriptor, token, PollEvents.None);
            _isPaused = true;
            owner.ServeLater();
        }
    }

    /// <summary>Limits the number of peers that have connected without completing the handshake.</summary>
    /// <remarks>The oldest one is disconnected, because a well-behaved peer completes its handshake immediately.</remarks>
    private void KeepHandshakesBounded()
    {
        if (endpoint.EndsWithPeer || table.Count - table.UpCount <= MostHandshakes)
        {
            return;
        }

        Link? oldest = null;
        int count = 0;
        foreach (Link link in table.All)
        {
            if (link.State == LinkState.Handshaking && link.IsAccepted)
            {
                count++;
                oldest = oldest is null || link.Token < oldest.Token ? link : oldest;
            }
        }

        if (count > MostHandshakes)
        {
            oldest!.Kill(CloseReason.Limit, "too many other peers connected without completing the handshake");
        }
    }
}

/// <summary>The owner of an <see cref="Acceptor"/>.</summary>
internal interface IAcceptorOwner
{
    /// <summary>Takes an accepted connection over, also if this throws. Called by the pump.</summary>
    void OnAccepted(Connection connection, Completions completions);

    /// <summary>Requests a visit of the deferred work, which resumes accepting. Called by the pump.</summary>
    void ServeLater();
}
