namespace Fairlead.Cli.Tour;

/// <summary>A row to be played, and its place.</summary>
/// <param name="Row">The row before it is played.</param>
/// <param name="Place">An address, or the name of a lock.</param>
/// <param name="Clear">Runs before and after each play: remains of earlier processes are of no use to the next.</param>
internal sealed record TourPlay(TourRow Row, string Place, Action Clear)
{
    /// <summary>
    /// Whether processes get the ends when they start, and open them once: <see cref="Place"/> only resembles the real address.
    /// </summary>
    public bool IsInherited { get; init; }

    /// <summary>Why the ground does not support this although each of its ends would; null if it does.</summary>
    public string? Refusal { get; init; }
}
