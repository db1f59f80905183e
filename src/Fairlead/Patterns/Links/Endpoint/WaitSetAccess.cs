using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Connects an endpoint to the wait sets that it is attached to.</summary>
/// <remarks>
/// <para>
/// A thread that waits on a wait set leads the endpoint while it sleeps, like a blocking caller: it waits on the poll set from outside, and
/// runs a pump iteration when the poll set is readable. If another thread leads, the wait set is notified of changes, and when the role is
/// free.
/// </para>
/// <para>
/// Owns nothing: <see cref="WatchList"/> has the wait sets. They call it through their items.
/// </para>
/// </remarks>
/// <param name="endpoint">The watched endpoint.</param>
/// <param name="list">Its wait sets.</param>
/// <param name="table">Its links.</param>
/// <param name="receivers">Its unread messages.</param>
/// <param name="presence">Whether it is over.</param>
/// <param name="placement">Chooses the link whose capacity counts.</param>
internal sealed class WaitSetAccess(
    EndpointContext endpoint, WatchList list, LinkTable table, Receivers receivers, PeerPresence presence, Placement placement)
{
    /// <summary>The descriptor that is readable when a pump iteration has work to do.</summary>
    public Descriptor PollDescriptor => endpoint.Pump.PollSet.Descriptor;

    /// <summary>Whether messages may arrive without making <see cref="PollDescriptor"/> readable, unless <see cref="Prepare"/> was
    /// called.</summary>
    public bool AnnouncesWaits => endpoint.Pump.MemoryWaiter.Announcing.Length > 0;

    /// <summary>Attaches the endpoint to a wait set. <see cref="Remove"/> or the endpoint's end detaches it.</summary>
    public void Add(IEndpointWatch watch)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            endpoint.Life.ThrowIfClosing();
            list.Add(watch);
        }
    }

    /// <summary>Detaches the endpoint from a wait set.</summary>
    public void Remove(IEndpointWatch watch)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            list.Remove(watch);
        }
    }

    /// <summary>Returns what the endpoint is ready for.</summary>
    /// <param name="forRoom">Whether to check the capacity to send, too.</param>
    public Readiness Look(bool forRoom)
    {
        Readiness ready = Readiness.None;
        using (endpoint.Pump.Gate.Hold())
        {
            if (endpoint.IsClosing)
            {
                return Readiness.Closed;
            }

            if (receivers.HasMessage)
            {
                ready = Readiness.Readable;
            }
            else if (presence.HasEnded)
            {
                return Readiness.Ended;
            }
        }

        // Outside the gate: a link's locks must not be taken under it here.
        return forRoom && placement.SingleLink is { } link && link.LinkSender.HasRoom() ? ready | Readiness.Writable : ready;
    }

    /// <summary>Takes the pump role if it is free. <see cref="Leave"/> gives it back.</summary>
    public bool TryLead()
    {
        using (endpoint.Pump.Gate.Hold())
        {
            if (!endpoint.Pump.TryLead())
            {
                return false;
            }
        }

        try
        {
            using (endpoint.Pump.Gate.Hold())
            {
                endpoint.Pump.Disarm();
            }

            table.FlushDeferred();
            return true;
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Announces a sleep on <see cref="PollDescriptor"/>. Returns false if an iteration has work to do. Called by the
    /// leader.</summary>
    public bool Prepare() => endpoint.Pump.MemoryWaiter.PrepareWait();

    /// <summary>Runs a pump iteration after a sleep, if there is work to do. Called by the leader.</summary>
    /// <param name="isReadable">Whether <see cref="PollDescriptor"/> is readable.</param>
    public void Turn(bool isReadable)
    {
        if (isReadable || AnnouncesWaits)
        {
            using Completions completions = Completions.Rent();
            endpoint.Pump.Turn(TimeSpan.Zero, completions);
        }
    }

    /// <summary>Gives the pump role back.</summary>
    public void Leave() => endpoint.Pump.Leave(isReactor: false);
}
