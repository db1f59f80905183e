namespace Fairlead;

/// <summary>Something in a <see cref="WaitSet"/> is ready.</summary>
/// <param name="Attachment">What; compare it with what attaching returned.</param>
/// <param name="Ready">For what.</param>
/// <param name="Count">How many signals came, or how many times a timer's time has passed, since the last report; else 1.</param>
public readonly record struct WaitEvent(WaitAttachment Attachment, Readiness Ready, int Count)
{
    /// <summary>What the user gave when he attached it.</summary>
    public object? State => Attachment.State;
}
