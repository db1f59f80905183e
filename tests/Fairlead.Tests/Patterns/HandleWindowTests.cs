using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Tests.Patterns;

public sealed class HandleWindowTests
{
    [Fact]
    public void The_window_has_room_for_as_many_handles_as_the_peer_accepts_until_they_are_acknowledged()
    {
        HandleWindow window = new(most: 8);
        Assert.False(window.HasPlace);
        window.ToPeer = 2;
        Assert.True(window.HasPlace);

        // The numbers of messages wrap around.
        window.NoteSent(uint.MaxValue - 1);
        window.NoteSent(1);
        Assert.False(window.HasPlace);
        window.Acknowledge(uint.MaxValue - 2);
        Assert.False(window.HasPlace);
        window.Acknowledge(uint.MaxValue);
        Assert.True(window.HasPlace);
        window.NoteSent(3);
        Assert.False(window.HasPlace);
        window.Acknowledge(3);
        window.NoteSent(4);
        Assert.True(window.HasPlace);
    }

    [Fact]
    public void A_peer_that_sends_more_than_this_side_holds_is_refused()
    {
        HandleWindow window = new(most: 2);
        window.CountIn();
        window.CountIn();
        window.CountOut();
        window.CountIn();
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(window.CountIn).Code);
    }

    [Fact]
    public void An_acknowledgement_is_due_when_a_quarter_of_the_handles_was_handed_out()
    {
        HandleWindow window = new(most: 8);
        for (int i = 0; i < 8; i++)
        {
            window.CountIn();
        }

        window.CountOut();
        Assert.False(window.IsAckDue);
        window.CountOut();
        Assert.True(window.IsAckDue);
        window.NoteAcknowledged();
        Assert.False(window.IsAckDue);
    }
}
