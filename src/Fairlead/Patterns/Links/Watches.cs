using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>Connects an endpoint to the wait sets that it is attached to.</summary>
/// <remarks>
/// <para>
/// A thread that waits on a wait set leads the endpoint while it sleeps, like a blocking caller: it waits on the poll set from outside, and
/// runs a pump iteration when the poll set is readable. If another thread leads, the wait set is told of what has changed, and when the
/// role is free.
/// </para>
/// <para>
/// Owns the list of the wait sets, which is replaced under the endpoint's gate and never changed. Wait sets call it through their items;
/// the pump and <see cref="Receivers"/> tell it what happens.
/// </para>
/// </remarks>
/// <param name="endpoint">The endpoint that is watched.</param>
internal sealed class Watches(EndpointCore endpoint)
{
    private IEndpointWatch[] _watches = [];

    /// <summary>Whether the endpoint is attached to a wait set.</summary>
    public bool Any => _watches.Length > 0;

    /// <summary>Readable when a pump iteration has something to do.</summary>
    public Descriptor PollDescriptor => endpoint.Pump.PollSet.Descriptor;

    /// <summary>
    /// Whether messages may come without <see cref="PollDescriptor"/> becoming readable, unless <see cref="Prepare"/> was called.
    /// </summary>
    public bool AnnouncesWaits => endpoint.Table.Announcing.Length > 0;

    /// <summary>Attaches the endpoint. The release is <see cref="Remove"/>, or the endpoint's end.</summary>
    public void Add(IEndpointWatch watch)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            endpoint.Life.ThrowIfClosing();
            _watches = [.. _watches, watch];
        }
    }

    /// <summary>Detaches the endpoint.</summary>
    public void Remove(IEndpointWatch watch)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            _watches = [.. _watches.Where(other => other != watch)];
        }
    }

    /// <summary>Returns what the endpoint's user would find.</summary>
    /// <param name="forRoom">Whether to look for capacity to send, too.</param>
    public Readiness Look(bool forRoom)
    {
        Readiness ready = Readiness.None;
        using (endpoint.Pump.Gate.Hold())
        {
            if (endpoint.IsClosing)
            {
                return Readiness.Closed;
            }

            if (endpoint.Receivers.HasMessage)
            {
                ready = Readiness.Readable;
            }
            else if (endpoint.Presence.HasEnded)
            {
                return Readiness.Ended;
            }
        }

        // A link's locks are not taken under the gate.
        return forRoom && endpoint.Placement.TheLink is { } link && link.Sending.HasRoom() ? ready | Readiness.Writable : ready;
    }

    /// <summary>Takes the pump's role if it is free. The release is <see cref="Leave"/>.</summary>
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

            endpoint.Table.FlushDeferred();
            return true;
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>
    /// Announces a sleep on <see cref="PollDescriptor"/>. False if a pump iteration has something to do already. By the leader.
    /// </summary>
    public bool Prepare() => endpoint.Table.PrepareWait();

    /// <summary>Runs a pump iteration after a sleep, if there is something to do. By the leader.</summary>
    /// <param name="isReadable">Whether <see cref="PollDescriptor"/> is readable.</param>
    public void Turn(bool isReadable)
    {
        if (isReadable || AnnouncesWaits)
        {
            using Completions completions = Completions.Rent();
            endpoint.Pump.Turn(TimeSpan.Zero, completions);
        }
    }

    /// <summary>Gives the pump's role back.</summary>
    public void Leave() => endpoint.Pump.Leave(isReactor: false);

    /// <summary>Tells the wait sets that a pump iteration is over. By the pump.</summary>
    public void TellOfTurn()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnTurn();
        }
    }

    /// <summary>Tells the wait sets that the endpoint is over or closes. Under the gate.</summary>
    public void TellOfEnd()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnEnd();
        }
    }

    /// <summary>Tells the wait sets that nobody pumps the endpoint any more. Under the gate.</summary>
    public void OfferRole()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnRoleFree();
        }
    }
}
