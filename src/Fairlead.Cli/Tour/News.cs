namespace Fairlead.Cli.Tour;

/// <summary>A report of a worker to the parent of a tour: a line of JSON on its stdout.</summary>
internal enum NewsKind
{
    /// <summary>It is ready, at a place.</summary>
    Ready,

    /// <summary>A note for the others of the row.</summary>
    Note,

    /// <summary>It has sent everything, and received what it waits for.</summary>
    Sent,

    /// <summary>It makes progress; here is what has arrived so far.</summary>
    Moved,

    /// <summary>It has closed; here are its counts.</summary>
    Done,

    /// <summary>It failed.</summary>
    Failed,
}

/// <inheritdoc cref="NewsKind"/>
/// <param name="Kind">The kind of news.</param>
/// <param name="Role">The number of the role that it concerns.</param>
/// <param name="Place">Ready: the place.</param>
/// <param name="Text">Note: the text. Failed: the reason.</param>
/// <param name="Code">Failed: the error code, if it is an error of Fairlead.</param>
/// <param name="Tallies">Done: its counts.</param>
/// <param name="Nanoseconds">Done: its measurements.</param>
/// <param name="Entries">Done: how often it entered a lock.</param>
/// <param name="Messages">Moved: messages that have arrived.</param>
/// <param name="Bytes">Moved: bytes of the input in them.</param>
internal sealed record News(
    NewsKind Kind,
    int Role,
    string? Place = null,
    string? Text = null,
    ErrorCode? Code = null,
    IReadOnlyList<TallyReport>? Tallies = null,
    long[]? Nanoseconds = null,
    int Entries = 0,
    int Messages = 0,
    long Bytes = 0);
