using Fairlead.Patterns.Links.Credit;

namespace Fairlead.Tests.Patterns;

/// <summary>How much a peer may send, and when it learns how much has been consumed, without a connection.</summary>
public sealed class ReceiveWindowTests
{
    [Fact]
    public void A_peer_may_send_as_many_as_are_held_here_unread()
    {
        ReceiveWindow window = new(messages: 3, bytes: 1000, tells: 4);
        Receive(ref window, 3);
        Assert.False(Takes(ref window, 1, unreadBytes: 3));
        window.Consume(1);
        Assert.True(Takes(ref window, 1, unreadBytes: 2));
    }

    [Fact]
    public void Bytes_count_beyond_the_second_message()
    {
        ReceiveWindow window = new(messages: 10, bytes: 100, tells: 4);
        Assert.True(Takes(ref window, 5000, unreadBytes: 0));
        Receive(ref window, 1);
        Assert.True(Takes(ref window, 5000, unreadBytes: 5000));
        Receive(ref window, 1);
        Assert.False(Takes(ref window, 0, unreadBytes: 10_000));
        window.Consume(5000);
        Assert.True(Takes(ref window, 5000, unreadBytes: 5000));
        window.Consume(5000);
        Receive(ref window, 2);
        Assert.True(Takes(ref window, 20, unreadBytes: 80));
        Assert.False(Takes(ref window, 21, unreadBytes: 80));
    }

    [Fact]
    public void An_acknowledgement_is_due_when_a_part_of_the_window_was_consumed()
    {
        ReceiveWindow window = new(messages: 8, bytes: 100, tells: 4);
        Receive(ref window, 4);
        window.Consume(1);
        Assert.False(window.IsAckDue);
        Assert.True(window.HasUntold);
        window.Consume(1);
        Assert.True(window.IsAckDue);
        window.NoteAcknowledged();
        Assert.False(window.IsAckDue || window.HasUntold);
        window.Consume(30);
        Assert.True(window.IsAckDue);
        Assert.Equal((3u, 32), (window.Consumed, window.ConsumedBytes));
    }

    [Fact]
    public void Released_messages_are_acknowledged_when_they_are_a_quarter_of_what_is_outstanding()
    {
        HeldBack held = new();
        ReceiveWindow window = new(messages: 100, bytes: 100, tells: 4) { HeldBack = held };
        Receive(ref window, 8);
        for (uint number = 1; number <= 8; number++)
        {
            held.Add(number);
            window.Consume(1);
        }

        held.Release(1);
        Assert.False(window.IsReleaseDue);
        held.Release(1);
        Assert.True(window.IsReleaseDue);
        Assert.Equal(2u, window.Write());

        // One of six; three of six; then the last.
        held.Release(1);
        Assert.False(window.IsReleaseDue);
        held.Release(2);
        Assert.True(window.IsReleaseDue);
        Assert.Equal(5u, window.Write());
        held.Release(3);
        Assert.True(window.IsReleaseDue);
    }

    [Fact]
    public void A_window_of_one_message_is_acknowledged_each_time()
    {
        ReceiveWindow window = new(messages: 1, bytes: 1, tells: 16);
        window.ReceiveAndConsume(0);
        Assert.True(window.IsAckDue);
        Assert.True(Takes(ref window, 1, unreadBytes: 0));
    }

    [Fact]
    public void A_written_acknowledgement_is_not_written_again()
    {
        ReceiveWindow window = new(messages: 8, bytes: 100, tells: 4);
        Assert.True(window.IsWritten);
        window.ReceiveAndConsume(1);
        Assert.False(window.IsWritten);
        Assert.Equal(1u, window.Write());
        Assert.True(window.IsWritten);
        window.ReceiveAndConsume(1);
        window.NoteWritten(2);
        Assert.True(window.IsWritten);
    }

    private static void Receive(ref ReceiveWindow window, int count)
    {
        for (int i = 0; i < count; i++)
        {
            window.Receive();
        }
    }

    private static bool Takes(ref ReceiveWindow window, int length, long unreadBytes)
    {
        try
        {
            window.Check(length, unreadBytes);
            return true;
        }
        catch (FairleadException exception)
        {
            Assert.Equal(ErrorCode.Corrupt, exception.Code);
            return false;
        }
    }
}
