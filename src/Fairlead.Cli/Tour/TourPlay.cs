namespace Fairlead.Cli.Tour;

/// <summary>A row that is to be played, and where.</summary>
/// <param name="Row">As it is before.</param>
/// <param name="Place">An address, or the name of a lock.</param>
/// <param name="Clear">Before and behind each play: what outlives its processes is of no use to the next.</param>
internal sealed record TourPlay(TourRow Row, string Place, Action Clear)
{
    /// <summary>
    /// Whether the ends are given to processes when they start, and opened once: <see cref="Place"/> is like the real one.
    /// </summary>
    public bool IsInherited { get; init; }

    /// <summary>Why this cannot be played there although each of its ends could; null where it can.</summary>
    public string? Refusal { get; init; }
}
