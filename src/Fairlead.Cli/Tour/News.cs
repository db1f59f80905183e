namespace Fairlead.Cli.Tour;

/// <summary>What a worker tells the parent of a tour: a line of JSON on its stdout.</summary>
internal enum NewsKind
{
    /// <summary>There, and where that is.</summary>
    Ready,

    /// <summary>Something for the others of the row.</summary>
    Note,

    /// <summary>Everything that it was to send has been sent, and what it waits for has come.</summary>
    Sent,

    /// <summary>Closed; here is what it counted.</summary>
    Done,

    /// <summary>It failed.</summary>
    Failed,
}

/// <inheritdoc cref="NewsKind"/>
/// <param name="Kind">Which.</param>
/// <param name="Role">The number of the role that it is about.</param>
/// <param name="Place">Ready: where it is.</param>
/// <param name="Text">Note: what. Failed: why.</param>
/// <param name="Code">Failed: the kind of failure, where it is one of Fairlead's.</param>
/// <param name="Tallies">Done: what it counted.</param>
/// <param name="Nanoseconds">Done: what it measured.</param>
/// <param name="Entries">Done: how often it has entered a lock.</param>
internal sealed record News(
    NewsKind Kind,
    int Role,
    string? Place = null,
    string? Text = null,
    ErrorCode? Code = null,
    IReadOnlyList<TallyReport>? Tallies = null,
    long[]? Nanoseconds = null,
    int Entries = 0);
