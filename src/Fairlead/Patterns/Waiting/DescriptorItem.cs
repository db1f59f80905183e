using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <summary>
/// A descriptor of the user's in a set. It is not held open: closing a socket would wait for us. The kernel forgets it when it is closed,
/// and its number may come back as a stranger's.
/// </summary>
internal sealed class DescriptorItem(WaitCore set, ulong token, SafeHandle handle, Readiness interest) : WaitItem(set, token)
{
    private PollEvents _events;

    public override object? Source => handle;

    /// <summary>Its number when it was attached.</summary>
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

    /// <summary>What the kernel said, until it is taken.</summary>
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
