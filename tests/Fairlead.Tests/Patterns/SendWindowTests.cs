using Fairlead.Patterns.Links.Credit;

namespace Fairlead.Tests.Patterns;

/// <summary>When a message may be sent, and which acknowledgements are valid, without a connection.</summary>
public sealed class SendWindowTests
{
    private const int Longest = 1000;

    [Fact]
    public void Nothing_is_sent_before_the_peer_has_announced_its_window()
    {
        SendWindow window = new(0, 0);
        Assert.False(window.HasCredit(0));
        Assert.True(window.Takes(Longest));
    }

    [Fact]
    public void A_message_is_sent_if_messages_and_bytes_fit()
    {
        SendWindow window = Granted(messages: 4, bytes: 100);
        Send(ref window, 60, 40);
        Assert.False(window.HasCredit(1));
        Assert.True(window.HasCredit(0));
        Send(ref window, 0, 0);
        Assert.False(window.HasCredit(0));
        Assert.True(window.TryAcknowledge(1));
        Assert.True(window.HasCredit(60));
        Assert.False(window.HasCredit(61));
        Assert.Equal((4, 1, 3, 40), (window.Sent, window.Read, window.Outstanding, window.OutstandingBytes));
    }

    [Fact]
    public void Two_messages_of_any_length_may_be_outstanding()
    {
        SendWindow window = Granted(messages: 4, bytes: 10);
        Send(ref window, 500, 500);
        Assert.False(window.HasCredit(0));
        Assert.True(window.TryAcknowledge(1));
        Assert.True(window.HasCredit(500));
    }

    [Fact]
    public void A_peer_that_announces_a_window_of_zero_gets_one_message()
    {
        SendWindow window = Granted(messages: 0, bytes: 0);
        Assert.Equal(1u, window.Messages);
        Send(ref window, 5);
        Assert.False(window.HasCredit(0));
    }

    [Fact]
    public void Limits_beyond_the_counters_count_as_unlimited()
    {
        SendWindow window = new(0, 0);
        window.Grant(uint.MaxValue, ulong.MaxValue, ulong.MaxValue);
        Assert.True(window.HasCredit(int.MaxValue));
        Assert.True(window.Takes(window.Longest));
        Assert.False(window.Takes(window.Longest + 1));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0001)]
    public void An_acknowledgement_of_a_message_never_sent_is_refused(uint acknowledged)
    {
        SendWindow window = Granted(messages: 10, bytes: 100);
        Send(ref window, 1, 1, 1);
        Assert.False(window.TryAcknowledge(acknowledged));
        Assert.Equal(3, window.Outstanding);
        Assert.Equal(ErrorCode.Corrupt, Refusal(ref window, acknowledged).Code);
        Assert.Contains("never sent", Refusal(ref window, acknowledged).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_acknowledgement_does_not_take_back_a_newer_one()
    {
        SendWindow window = Granted(messages: 10, bytes: 100);
        Send(ref window, 1, 1, 1);
        window.Acknowledge(2);
        Assert.True(window.IsOld(1));
        Assert.False(window.IsOld(2));
        Assert.False(window.TryAcknowledge(1));
        Assert.True(window.IsAcknowledged(2));
        Assert.False(window.IsAcknowledged(3));
    }

    [Fact]
    public void An_acknowledgement_of_a_half_written_message_is_refused()
    {
        SendWindow window = Granted(messages: 10, bytes: 10_000);
        Send(ref window, 1, 900);
        window.AddHalfWritten(id: 7, unwritten: 500);
        Assert.True(window.IsHalfWritten(7));
        Assert.False(window.TryAcknowledge(2));
        Assert.Contains("cannot have read completely", Refusal(ref window, 2).Message, StringComparison.Ordinal);
        Assert.True(window.TryAcknowledge(1));
        window.Written(499);
        Assert.True(window.HasHalfWritten);
        window.Written(1);
        Assert.False(window.IsHalfWritten(7));
        Assert.True(window.TryAcknowledge(2));
    }

    [Fact]
    public void Only_a_message_that_needs_no_memory_to_be_recorded_is_sent_immediately()
    {
        SendWindow window = Granted(messages: 100, bytes: 1000);
        Assert.False(window.HasCreditAtOnce(1, window.Outstanding, 1));
        Send(ref window, 1);
        Assert.True(window.HasCreditAtOnce(1, window.Outstanding, window.OutstandingBytes + 1));
        window.AddAtOnce(1);
        Assert.Equal(2u, window.LastNumber);
        Assert.False(window.HasCreditAtOnce(Longest + 1, window.Outstanding, 2));
        Assert.False(window.HasCreditAtOnce(1, window.Outstanding, 1001));
    }

    [Fact]
    public void Messages_or_bytes_use_half_of_the_window()
    {
        SendWindow window = Granted(messages: 4, bytes: 100);
        Send(ref window, 10, 10);
        Assert.False(window.IsHalfUsed);
        Send(ref window, 10);
        Assert.True(window.IsHalfUsed);
        window.Acknowledge(3);
        Send(ref window, 51);
        Assert.True(window.IsHalfUsed);
        Assert.True(window.HasFree(4));
        Assert.False(window.HasFree(2));
    }

    private static SendWindow Granted(uint messages, ulong bytes)
    {
        SendWindow window = new(0, 0);
        window.Grant(messages, bytes, Longest);
        return window;
    }

    private static void Send(ref SendWindow window, params int[] lengths)
    {
        foreach (int length in lengths)
        {
            Assert.True(window.HasCredit(length));
            window.Add(length);
        }
    }

    private static FairleadException Refusal(ref SendWindow window, uint acknowledged)
    {
        try
        {
            window.Acknowledge(acknowledged);
        }
        catch (FairleadException exception)
        {
            return exception;
        }

        throw new Xunit.Sdk.XunitException("It was believed.");
    }
}
