using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Waiting;

/// <summary>A user's descriptor in a set.</summary>
/// <remarks>
/// The set does not keep it open, because closing a socket would then wait for the set. The kernel removes it when it is closed, and its
/// number may then belong to another file.
/// </remarks>
internal sealed class DescriptorItem(WaitCore set, ulong token, SafeHandle handle, Readiness interest) : WaitItem(set, token)
{
    private PollEvents _events;

    public override object? Source => handle;

    /// <summary>The descriptor's number when it was attached.</summary>
    public int Number { get; private set; }

    public override void Attach(PollSet pollSet)
    {
        PollEvents events = (interest.HasFlag(Readiness.Readable) ? PollEvents.Read : PollEvents.None)
            | (interest.HasFlag(Readiness.Writable) ? PollEvents.Write : PollEvents.None);
        bool isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        try
        {
            Number = (int)handle.DangerousGetHandle();
            pollSet.AddForeign(Number, Token, events);
            Set.OnWatched(this);
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    /// <summary>Keeps the events reported by the kernel until <see cref="Take"/>.</summary>
    public void OnEvents(PollEvents events) => _events = events;

    public override Readiness Take(out int count)
    {
        count = 1;
        PollEvents events = _events;
        _events = PollEvents.None;
        Readiness ready = Readiness.None;
        if ((events & PollEvents.Read) != 0)
        {
            ready |= Readiness.Readable;
        }

        if ((events & PollEvents.Write) != 0)
        {
            ready |= Readiness.Writable;
        }

        return (events & (PollEvents.Error | PollEvents.HangUp)) != 0 ? ready | Readiness.Ended : ready;
    }

    protected override void Release() => Set.Unwatch(this);
}
