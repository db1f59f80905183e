using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Endpoint;

namespace Fairlead.Patterns.Waiting;

/// <summary>An endpoint in a set.</summary>
internal sealed class EndpointItem(WaitCore set, ulong token, object source, EndpointCore core, bool forRoom)
    : WaitItem(set, token),
        IEndpointWatch
{
    public override object? Source => source;

    /// <summary>Whether the set's waiting thread has the pump role. Used by that thread only.</summary>
    public bool Leads { get; private set; }

    public override void Attach(PollSet pollSet)
    {
        core.Watches.Add(this);
        try
        {
            pollSet.Add(core.Watches.PollDescriptor, Token, PollEvents.Read);
        }
        catch
        {
            core.Watches.Remove(this);
            throw;
        }
    }

    public override Readiness Take(out int count)
    {
        count = 1;
        Readiness ready = core.Watches.Look(forRoom);
        if (ready == Readiness.Closed)
        {
            // Its descriptor is about to be closed. LeaveAll gives up the role with all others.
            Detach();
        }

        return ready;
    }

    /// <summary>Takes the pump role if it is free; <see cref="Leave"/> releases it.</summary>
    public bool TryLead() => Leads = !IsDetached && core.Watches.TryLead();

    /// <summary>Prepares to sleep. Returns false when there is work to do first. Called by the leader.</summary>
    public bool Prepare() => core.Watches.Prepare();

    /// <summary>Runs one pump iteration if there is work to do and no other thread does it.</summary>
    public void Turn(bool isReadable)
    {
        if (Leads)
        {
            core.Watches.Turn(isReadable);
        }
        else if (isReadable || core.Watches.AnnouncesWaits)
        {
            core.Pump.TryTurn();
        }
    }

    public void Leave()
    {
        Leads = false;
        core.Watches.Leave();
    }

    public void OnTurn()
    {
        if (core.Watches.Look(forRoom) != Readiness.None)
        {
            Set.List(this);
        }
    }

    public void OnEnd() => Set.List(this);

    public void OnRoleFree() => Set.OfferRole();

    protected override void Release()
    {
        core.Watches.Remove(this);
        Set.Unwatch(core.Watches.PollDescriptor);
    }
}
