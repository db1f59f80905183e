namespace Fairlead.Patterns.Links;

/// <summary>A call that has begun. The caller takes the result once.</summary>
/// <param name="Operation">The operation; null if the call has ended already, or is observed.</param>
/// <param name="Other">The result if there is no operation.</param>
internal readonly record struct StartedCall(LinkOperation? Operation, ValueTask<LinkResult> Other)
{
    /// <summary>The task of the result.</summary>
    public ValueTask<LinkResult> Task => Operation is { } operation ? operation.Task : Other;
}
