namespace Fairlead.NamedHandles;

/// <summary>
/// The platform's <see cref="System.Threading.ManualResetEvent"/>: an event of this process that stays set until it is reset.
/// It derives from the <see cref="EventWaitHandle"/> of this package, so that one variable can hold either.
/// </summary>
public sealed class ManualResetEvent : EventWaitHandle
{
    /// <summary>Creates the event.</summary>
    /// <param name="initialState">Whether it is set.</param>
    public ManualResetEvent(bool initialState)
        : base(initialState, EventResetMode.ManualReset)
    {
    }
}
