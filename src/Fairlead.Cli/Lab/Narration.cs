namespace Fairlead.Cli.Lab;

/// <summary>
/// Shows events in the order of their times. The reports of several processes arrive by different pipes, so a later event may arrive first.
/// </summary>
/// <remarks>
/// An event is held back until <see cref="Delay"/> has passed, and a receipt until its sending is known. Its owner holds one lock around
/// every call.
/// </remarks>
/// <param name="show">Shows an event.</param>
internal sealed class Narration(Action<LabEvent> show)
{
    /// <summary>How long an event waits for earlier ones.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(60);

    // A receipt whose sending was never reported is shown after that.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly List<LabEvent> _held = [];
    private readonly HashSet<string> _sent = [];

    /// <summary>Adds an event.</summary>
    public void Add(LabEvent happened)
    {
        var at = _held.FindLastIndex(other => other.At <= happened.At);
        _held.Insert(at + 1, happened);
        if (happened is { Kind: LabEventKind.Sends, Link: { } link })
        {
            _sent.Add(link);
        }
    }

    /// <summary>Shows the events whose time has come.</summary>
    /// <param name="now">Nanoseconds of the clock of the events.</param>
    public void Show(long now)
    {
        while (_held is [var next, ..] && IsDue(next, now))
        {
            _held.RemoveAt(0);
            show(next);
        }
    }

    /// <summary>Shows all events.</summary>
    public void ShowAll() => Show(long.MaxValue);

    private bool IsDue(LabEvent next, long now)
    {
        var waited = TimeProvider.System.GetElapsedTime(next.At, now);
        return waited >= LongestDelay
            || (waited >= Delay && (next.Kind != LabEventKind.Receives || next.Link is null || _sent.Contains(next.Link)));
    }
}
