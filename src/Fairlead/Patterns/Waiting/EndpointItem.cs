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
        core.WaitSetAccess.Add(this);
        try
        {
            pollSet.Add(core.WaitSetAccess.PollDescriptor, Token, PollEvents.Read);
        }
        catch
        {
            core.WaitSetAccess.Remove(this);
            throw;
        }
    }

    public override Readiness Take(out int count)
    {
        count = 1;
        Readiness ready = core.WaitSetAccess.Look(forRoom);
        if (ready == Readiness.Closed)
        {
            // Its descriptor is about to be closed. LeaveAll gives up the role with all others.
            Detach();
        }

        return ready;
    }

    /// <summary>Takes the pump role if it is free; <see cref="Leave"/> releases it.</summary>
    public bool TryLead() => Leads = !IsDetached && core.WaitSetAccess.TryLead();

    /// <summary>Prepares to sleep. Returns false when there is work to do first. Called by the leader.</summary>
    public bool Prepare() => core.WaitSetAccess.Prepare();

    /// <summary>Runs one pump iteration if there is work to do and no other thread does it.</summary>
    public void Turn(bool isReadable)
    {
        if (Leads)
        {
            core.WaitSetAccess.Turn(isReadable);
        }
        else if (isReadable || core.WaitSetAccess.AnnouncesWaits)
        {
            core.Pump.TryTurn();
        }
    }

    public void Leave()
    {
        Leads = false;
        core.WaitSetAccess.Leave();
    }

    public void OnTurn()
    {
        if (core.WaitSetAccess.Look(forRoom) != Readiness.None)
        {
            Set.List(this);
        }
    }

    public void OnEnd() => Set.List(this);

    public void OnRoleFree() => Set.OfferRole();

    protected override void Release()
    {
        core.WaitSetAccess.Remove(this);
        Set.Unwatch(core.WaitSetAccess.PollDescriptor);
    }
}
