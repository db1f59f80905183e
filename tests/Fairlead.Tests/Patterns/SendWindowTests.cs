using Fairlead.Patterns.Links.Credit;

namespace Fairlead.Tests.Patterns;

/// <summary>When a message may be sent, and which acknowledgements are valid, without a connection.</summary>
public sealed class SendWindowTests
{
    private const int Longest = 1000;

    [Fact]
    public void Nothing_goes_before_the_peer_has_spoken()
    {
        SendWindow window = new(0, 0);
        Assert.False(window.HasCredit(0));
        Assert.True(window.Takes(Longest));
    }

    [Fact]
    public void A_message_goes_when_messages_and_bytes_fit()
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
    public void Two_may_be_outstanding_however_long_they_are()
    {
        SendWindow window = Granted(messages: 4, bytes: 10);
        Send(ref window, 500, 500);
        Assert.False(window.HasCredit(0));
        Assert.True(window.TryAcknowledge(1));
        Assert.True(window.HasCredit(500));
    }

    [Fact]
    public void A_peer_that_takes_one_gets_one()
    {
        SendWindow window = Granted(messages: 0, bytes: 0);
        Assert.Equal(1u, window.Messages);
        Send(ref window, 5);
        Assert.False(window.HasCredit(0));
    }

    [Fact]
    public void Limits_beyond_what_is_counted_here_are_none()
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
    public void What_was_never_sent_is_not_acknowledged(uint acknowledged)
    {
        SendWindow window = Granted(messages: 10, bytes: 100);
        Send(ref window, 1, 1, 1);
        Assert.False(window.TryAcknowledge(acknowledged));
        Assert.Equal(3, window.Outstanding);
        Assert.Equal(ErrorCode.Corrupt, Refusal(ref window, acknowledged).Code);
        Assert.Contains("never sent", Refusal(ref window, acknowledged).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_been_acknowledged_is_not_taken_back()
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
    public void No_peer_has_read_what_is_half_written()
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
    public void At_once_goes_only_what_needs_no_memory_to_be_noted()
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
    public void Half_of_it_is_used_by_messages_or_by_bytes()
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
