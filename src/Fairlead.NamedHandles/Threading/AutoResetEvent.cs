namespace Fairlead.NamedHandles;

/// <summary>
/// The platform's <see cref="System.Threading.AutoResetEvent"/>: an event of this process that resets itself when it has released a waiter.
/// It derives from the <see cref="EventWaitHandle"/> of this package, so that one variable can hold either.
/// </summary>
public sealed class AutoResetEvent : EventWaitHandle
{
    /// <summary>Creates the event.</summary>
    /// <param name="initialState">Whether it is set.</param>
    public AutoResetEvent(bool initialState)
        : base(initialState, EventResetMode.AutoReset)
    {
    }
}
