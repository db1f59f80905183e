namespace Fairlead;

/// <summary>A source in a <see cref="WaitSet"/> is ready.</summary>
/// <param name="Attachment">The source; compare it with the result of attaching.</param>
/// <param name="Ready">The operations it is ready for.</param>
/// <param name="Count">For a signal or timer, how often it occurred since the last report; otherwise 1.</param>
public readonly record struct WaitEvent(WaitAttachment Attachment, Readiness Ready, int Count)
{
    /// <summary>The object that was passed when attaching.</summary>
    public object? State => Attachment.State;
}
