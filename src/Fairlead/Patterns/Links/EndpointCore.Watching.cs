using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>
/// A thread that waits on many things at once leads this endpoint while it sleeps, like a blocking caller: it waits on the poll set from
/// outside, and takes a turn when that is readable. Where somebody else leads, it is told of what has changed, and when the role is free.
/// </content>
internal sealed partial class EndpointCore
{
    private IEndpointWatch[] _watches = [];

    /// <summary>Readable when a turn has something to do.</summary>
    public Descriptor PollDescriptor => Pump.PollSet.Descriptor;

    /// <summary>Whether messages may come without <see cref="PollDescriptor"/> telling, unless a sleep was announced.</summary>
    public bool AnnouncesWaits => Table.Announcing.Length > 0;

    /// <summary>The release is <see cref="RemoveWatch"/>, or the endpoint's end.</summary>
    public void AddWatch(IEndpointWatch watch)
    {
        using (Gate.Hold())
        {
            Life.ThrowIfClosing();
            _watches = [.. _watches, watch];
        }
    }

    public void RemoveWatch(IEndpointWatch watch)
    {
        using (Gate.Hold())
        {
            _watches = [.. _watches.Where(other => other != watch)];
        }
    }

    /// <summary>What its user would find.</summary>
    /// <param name="forRoom">Whether he asks for room to send, too.</param>
    public Readiness Look(bool forRoom)
    {
        Readiness ready = Readiness.None;
        using (Gate.Hold())
        {
            if (IsClosing)
            {
                return Readiness.Closed;
            }

            if (Receivers.HasMessage)
            {
                ready = Readiness.Readable;
            }
            else if (Presence.HasEnded)
            {
                return Readiness.Ended;
            }
        }

        // A link's locks are not taken under the gate.
        return forRoom && Placement.TheLink is { } link && link.HasRoom() ? ready | Readiness.Writable : ready;
    }

    /// <summary>Takes the role if it is free. The release is <see cref="LeaveWatch"/>.</summary>
    public bool TryLeadWatch()
    {
        using (Gate.Hold())
        {
            if (!Pump.TryLead())
            {
                return false;
            }
        }

        try
        {
            using (Gate.Hold())
            {
                Pump.Disarm();
            }

            Table.FlushDeferred();
            return true;
        }
        catch
        {
            LeaveWatch();
            throw;
        }
    }

    /// <summary>By the leader, before it sleeps on <see cref="PollDescriptor"/>: false when a turn has something to do already.</summary>
    public bool PrepareWatch() => Table.PrepareWait();

    /// <summary>By the leader, awake again: one turn, where something is to be done.</summary>
    /// <param name="isReadable">Whether <see cref="PollDescriptor"/> is.</param>
    public void TurnWatch(bool isReadable)
    {
        if (isReadable || Table.Announcing.Length > 0)
        {
            using Completions completions = Completions.Rent();
            Pump.Turn(TimeSpan.Zero, completions);
        }
    }

    public void LeaveWatch() => Pump.Leave(isReactor: false);

    private void TellWatchesOfTurn()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnTurn();
        }
    }

    /// <summary>Under the gate.</summary>
    public void TellWatchesOfEnd()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnEnd();
        }
    }

    /// <summary>Under the gate.</summary>
    public void OfferRole()
    {
        foreach (IEndpointWatch watch in _watches)
        {
            watch.OnRoleFree();
        }
    }
}
