using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;

namespace Fairlead.Tests.Patterns;

/// <summary>Reports of dropped messages: each message counts once at the receiver, however often it is reported.</summary>
public sealed class MissedMessagesTests
{
    [Fact]
    public void A_count_reported_after_the_last_message_and_with_the_next_one_counts_once()
    {
        MissedMessages missed = default;
        Assert.Equal(3, missed.HearBehind(Head(3)));
        Assert.Equal(2, missed.HearBehind(Head(5)));
        Assert.Equal(1, missed.HearBefore(Head(6)));

        // From here on a new count begins.
        Assert.Equal(4, missed.HearBefore(Head(4)));
    }

    [Fact]
    public void A_head_without_a_count_adds_nothing()
    {
        MissedMessages missed = default;
        Assert.Equal(0, missed.HearBefore(Head(0)));
        Assert.Equal(0, missed.HearBehind(default));
    }

    [Fact]
    public void An_impossible_count_is_refused()
    {
        FairleadException error = Assert.Throws<FairleadException>(static () =>
            new MissedMessages().HearBefore(Head(MissedMessages.Most + 1)));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        error = Assert.Throws<FairleadException>(static () => new MissedMessages().HearBehind(Head(-1)));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Fact]
    public void The_count_follows_the_other_fields_of_the_head()
    {
        Span<byte> space = stackalloc byte[16];
        HeadWriter writer = new(space);
        writer.Add(HeadField.Deliveries, 7);
        Span<byte> head = stackalloc byte[writer.Length + MissedMessages.HeadBytes];
        MissedMessages.WriteHead(writer.Written, 2, head);
        Assert.True(HeadReader.IsWellFormed(head, out _));
        Assert.True(HeadReader.TryGet(head, HeadField.Deliveries, out ulong deliveries));
        Assert.Equal(7u, deliveries);
        Assert.Equal(2, new MissedMessages().HearBefore(head));
    }

    private static byte[] Head(long missed)
    {
        byte[] head = new byte[missed == 0 ? 0 : MissedMessages.HeadBytes];
        MissedMessages.WriteHead(default, missed < 0 ? MissedMessages.Most : missed, head);
        if (missed < 0)
        {
            head.AsSpan(3).Fill(0xFF);
        }

        return head;
    }
}
