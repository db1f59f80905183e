namespace Fairlead;

/// <summary>The choices of a single survey of a <see cref="Requester"/>.</summary>
public readonly record struct SurveyOptions
{
    /// <summary>
    /// Whether to ask responders that connect before the deadline, too. The survey then ends at the deadline and not earlier. It has no
    /// effect on a connected requester, whose survey ends with its only reply.
    /// </summary>
    public bool IncludesNewcomers { get; init; }
}
