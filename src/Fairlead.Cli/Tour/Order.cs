namespace Fairlead.Cli.Tour;

/// <summary>What the parent of a tour tells a worker: a line of JSON on its stdin.</summary>
internal enum OrderKind
{
    /// <summary>Here is the input; the first order.</summary>
    Input,

    /// <summary>Play a role.</summary>
    Play,

    /// <summary>All are there: begin.</summary>
    Go,

    /// <summary>Somebody of the same row has something to say.</summary>
    Note,

    /// <summary>Nobody sends any more: take what is left, close, report.</summary>
    Finish,
}

/// <inheritdoc cref="OrderKind"/>
/// <param name="Kind">Which.</param>
/// <param name="Role">The number of the role that it is about.</param>
/// <param name="Scenario">Play: in which scenario.</param>
/// <param name="Seat">Play: 0 for the one that binds, 1 and more for those that connect.</param>
/// <param name="Messages">Play: how many messages of the input are sent.</param>
/// <param name="Place">Play: where.</param>
/// <param name="Text">Note: what.</param>
/// <param name="Cut">Input: how it is cut.</param>
internal sealed record Order(
    OrderKind Kind,
    int Role = 0,
    string? Scenario = null,
    int Seat = 0,
    int Messages = 0,
    string? Place = null,
    string? Text = null,
    TourCut? Cut = null);
