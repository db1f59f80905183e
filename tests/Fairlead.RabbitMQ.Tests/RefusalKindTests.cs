using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Reasons of a broker are classified by number and text. These tests need no broker.</summary>
public sealed class RefusalKindTests
{
    [Theory]
    [InlineData(403, "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'u'", ErrorCode.PermissionDenied, false)]
    [InlineData(403, "ACCESS_REFUSED - access to queue 'q' refused, backend ldap returned an error: x", ErrorCode.Unavailable, true)]
    [InlineData(403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use", ErrorCode.AlreadyExists, false)]
    [InlineData(404, "NOT_FOUND - no queue 'q' in vhost '/'", ErrorCode.NotFound, true)]
    [InlineData(406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q'", ErrorCode.Incompatible, false)]
    [InlineData(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out.", ErrorCode.Timeout, true)]
    [InlineData(406, "PRECONDITION_FAILED - unknown delivery tag 7", ErrorCode.Unavailable, true)]
    [InlineData(406, "PRECONDITION_FAILED - message size 200 is larger than configured max size 100", ErrorCode.TooLarge, false)]
    [InlineData(530, "NOT_ALLOWED - vhost v not found", ErrorCode.PermissionDenied, false)]
    [InlineData(530, "NOT_ALLOWED - access to vhost '/' refused: connection limit (1) is reached", ErrorCode.Unavailable, true)]
    [InlineData(530, "NOT_ALLOWED - vhost 'v' is down", ErrorCode.Unavailable, true)]
    [InlineData(320, "CONNECTION_FORCED - broker forced connection closure", ErrorCode.Unavailable, true)]
    [InlineData(541, "INTERNAL_ERROR", ErrorCode.Unavailable, true)]
    public void The_reply_code_and_text_determine_the_error_code(int number, string text, ErrorCode code, bool isPassing)
    {
        RabbitMqTransport.Register();
        Address address = "amqp://host/?name=q";
        BrokerAddress broker = BrokerAddress.Of(
            address, EndpointSettings.From(address, null, PatternKind.Sender, new AmqpTransport(address.Scheme)));
        (ErrorCode found, string what, string? remedy) = BrokerRefusal.Of(number, text, broker);
        Assert.Equal(code, found);
        Assert.EndsWith(text, what, StringComparison.Ordinal);
        Assert.Equal(isPassing, BrokerErrors.IsPassing(new FairleadException(found, what, remedy)));
    }

    /// <summary>A queue that is full ends each session soon after it began: a session that opened does not shorten the pauses.</summary>
    [Fact]
    public void Pauses_grow_until_a_session_lasts_long_enough()
    {
        ManualClock clock = new();
        ReopenPause pause = new(clock);
        TimeSpan[] lengths = [.. Enumerable.Range(0, 6).Select(_ => Next(1.Seconds()))];
        Assert.All(lengths.Zip(lengths.Skip(1)), static pair => Assert.True(pair.Second > pair.First, $"{pair}"));
        Assert.True(lengths[0] < 100.Milliseconds(), $"{lengths[0]}");
        Assert.True(lengths[^1] > 1.Seconds(), $"{lengths[^1]}");
        Assert.True(Next(11.Seconds()) < 100.Milliseconds());

        // A session lasts; it is lost; and the next one opens after the pause.
        TimeSpan Next(TimeSpan lasts)
        {
            pause.Open();
            clock.Advance(lasts);
            pause.Lose();
            long before = clock.GetTimestamp();
            Task waiting = pause.WaitAsync(CancellationToken.None);
            while (!waiting.IsCompleted)
            {
                clock.Advance(1.Milliseconds());
            }

            return clock.GetElapsedTime(before);
        }
    }
}
