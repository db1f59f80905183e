namespace Fairlead.Cli.Tour;

/// <summary>An order of the parent of a tour to a worker: a line of JSON on its stdin.</summary>
internal enum OrderKind
{
    /// <summary>The input; the first order.</summary>
    Input,

    /// <summary>Play a role.</summary>
    Play,

    /// <summary>All are ready: begin.</summary>
    Go,

    /// <summary>A note from another role of the same row.</summary>
    Note,

    /// <summary>No role sends any more: take what is left, close, report.</summary>
    Finish,
}

/// <inheritdoc cref="OrderKind"/>
/// <param name="Kind">The kind of order.</param>
/// <param name="Role">The number of the role that it concerns.</param>
/// <param name="Scenario">Play: the scenario.</param>
/// <param name="Seat">Play: 0 for the binding role, 1 and more for connecting ones.</param>
/// <param name="Messages">Play: how many messages of the input to send.</param>
/// <param name="Place">Play: the place.</param>
/// <param name="Text">Note: the text.</param>
/// <param name="Cut">Input: how it is split.</param>
internal sealed record Order(
    OrderKind Kind,
    int Role = 0,
    string? Scenario = null,
    int Seat = 0,
    int Messages = 0,
    string? Place = null,
    string? Text = null,
    TourCut? Cut = null);
