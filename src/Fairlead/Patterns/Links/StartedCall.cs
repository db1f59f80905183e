using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <summary>A call that has begun. The caller takes the result once.</summary>
/// <remarks>
/// Two references, which stay in registers. A result in it would be copied behind the stores into a shared ring, and would wait for them.
/// </remarks>
/// <param name="Operation">The operation; null if the call is observed.</param>
/// <param name="Observed">The task of an observed call.</param>
internal readonly record struct StartedCall(LinkOperation? Operation, Task<LinkResult>? Observed)
{
    /// <summary>The task of the result.</summary>
    public ValueTask<LinkResult> Task => Operation is { } operation ? operation.Task : new ValueTask<LinkResult>(Observed!);
}
