using Fairlead.Cli.Lab;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The order in which the lab shows the events of several processes.</summary>
public sealed class NarrationTests
{
    private const long Millisecond = 1_000_000;

    private readonly List<string> _shown = [];
    private readonly Narration _narration;

    public NarrationTests() => _narration = new Narration(happened => _shown.Add(happened.Text));

    [Fact]
    public void An_earlier_event_that_arrives_later_is_shown_first()
    {
        Add(20, LabEventKind.Says, "second");
        Add(10, LabEventKind.Says, "first");
        Add(20, LabEventKind.Says, "third");
        var delay = (long)Narration.Delay.TotalNanoseconds;
        _narration.Show((10 * Millisecond) + delay - 1000);
        Assert.Empty(_shown);
        _narration.Show((10 * Millisecond) + delay);
        Assert.Equal(["first"], _shown);
        _narration.Show((20 * Millisecond) + delay);
        Assert.Equal(["first", "second", "third"], _shown);
    }

    [Fact]
    public void A_receive_event_is_shown_after_its_send_event()
    {
        Add(20, LabEventKind.Receives, "received", "message");
        _narration.Show(500 * Millisecond);
        Assert.Empty(_shown);
        Add(10, LabEventKind.Sends, "sent", "message");
        _narration.Show(500 * Millisecond);
        Assert.Equal(["sent", "received"], _shown);
    }

    [Fact]
    public void A_receive_event_without_its_send_event_is_shown_late_and_ShowAll_shows_the_rest()
    {
        Add(20, LabEventKind.Receives, "received", "message");
        Add(30, LabEventKind.Says, "later");
        _narration.Show(1020 * Millisecond);
        Assert.Equal(["received", "later"], _shown);
        Add(2000, LabEventKind.Says, "last");
        _narration.ShowAll();
        Assert.Equal(["received", "later", "last"], _shown);
    }

    private void Add(long milliseconds, LabEventKind kind, string text, string? link = null) =>
        _narration.Add(new LabEvent(milliseconds * Millisecond, kind, text, link));
}
