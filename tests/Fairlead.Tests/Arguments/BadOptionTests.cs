using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Arguments;

/// <summary>Impossible options are refused before any part of an endpoint is created; the name is free afterwards.</summary>
public sealed class BadOptionTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Enormous = TimeSpan.FromDays(100);

    public static TheoryData<string, EndpointOptions> Refused => new()
    {
        { "heartbeat, negative", new EndpointOptions { Heartbeat = -1.Seconds() } },
        { "heartbeat, 100 days", new EndpointOptions { Heartbeat = Enormous } },
        { "handshake, zero", new EndpointOptions { HandshakeTimeout = TimeSpan.Zero } },
        { "handshake, infinite", new EndpointOptions { HandshakeTimeout = Timeout.InfiniteTimeSpan } },
        { "handshake, enormous", new EndpointOptions { HandshakeTimeout = TimeSpan.MaxValue } },
        { "wait, negative", new EndpointOptions { ConnectTimeout = -2.Seconds() } },
        { "reconnect, negative", new EndpointOptions { ReconnectTimeout = TimeSpan.MinValue } },
        { "full, unknown", new EndpointOptions { OverflowPolicy = (OverflowPolicy)99 } },
        { "order, unknown", new EndpointOptions { AddressSelection = (AddressSelection)99 } },
        { "waiting, unknown", new EndpointOptions { WaitStrategy = (WaitStrategy)99 } },
        { "writing, unknown", new EndpointOptions { WriteMode = (WriteMode)99 } },
        { "error details, unknown", new EndpointOptions { ErrorDetails = (ErrorDetails)99 } },
        { "clock, null", new EndpointOptions { TimeProvider = null! } },
        { "label, null", new EndpointOptions { Label = null! } },
        { "label, long", new EndpointOptions { Label = new string('ä', 129) } },
        { "label, with a line break", new EndpointOptions { Label = "a\nb" } },
        { "alternatives, null", new EndpointOptions { Alternatives = null! } },
    };

    public static TheoryData<EndpointOptions> Taken =>
        [
            new EndpointOptions
            {
                MaxUnreadBytes = int.MinValue,
                MaxUnreadMessages = int.MinValue,
                MaxMessageBytes = 4_096,
                MaxUnreadHandles = int.MaxValue,
            },
            new EndpointOptions
            {
                MaxUnreadBytes = int.MaxValue,
                MaxUnreadMessages = int.MaxValue,
                MaxMessageBytes = int.MaxValue,
                MaxUnreadHandles = int.MinValue,
            },
            new EndpointOptions
            {
                Heartbeat = Timeout.InfiniteTimeSpan,
                ReconnectTimeout = TimeSpan.MaxValue,
                ConnectTimeout = TimeSpan.MaxValue,
                HandshakeTimeout = TimeSpan.FromDays(1),
            },
            new EndpointOptions
            {
                Heartbeat = TimeSpan.FromDays(1),
                ReconnectTimeout = Timeout.InfiniteTimeSpan,
                ConnectTimeout = Timeout.InfiniteTimeSpan,
            },
        ];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_bad_option_is_refused_and_the_address_stays_free(string what, EndpointOptions options)
    {
        Output.WriteLine(what);
        Address address = $"unix://options-{Guid.NewGuid():N}";
        Assert.ThrowsAny<ArgumentException>(() => Receiver.Bind(address, options));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Sender.ConnectAsync(address, options));
        await using Receiver receiver = Receiver.Bind(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("free"u8.ToArray());
        using Message message = await receiver.ReceiveAsync();
        Assert.Equal("free", message.Text);
    }

    [Theory]
    [InlineData("heartbeat=100d")]
    [InlineData("heartbeat=-1s")]
    [InlineData("wait=-1s")]
    [InlineData("reconnect=-5s")]
    [InlineData("messages=-1")]
    [InlineData("capacity=-1")]
    [InlineData("maxmessage=1e9")]
    [InlineData("full=sometimes")]
    public void A_bad_option_in_an_address_is_refused_too(string option) =>
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"tcp://127.0.0.1:0?{option}"));

    [Theory]
    [MemberData(nameof(Taken))]
    public async Task An_enormous_but_valid_option_works(EndpointOptions options)
    {
        foreach (string scheme in new[] { "unix", "shm" })
        {
            // Only unix:// carries open files.
            EndpointOptions own = scheme == "unix" ? options : options with { MaxUnreadHandles = 0 };
            await using Receiver receiver = Track(Receiver.Bind($"{scheme}://options-{Guid.NewGuid():N}", own));
            await using Sender sender = Track(await Sender.ConnectAsync(receiver.Address, own));
            ValueTask<Delivery> delivery = sender.DeliverAsync("enormous"u8.ToArray(), TimeSpan.MaxValue);
            using (Message message = await receiver.ReceiveAsync(TimeSpan.MaxValue))
            {
                Assert.Equal("enormous", message.Text);
                message.Accept();
            }

            Assert.True((await delivery).IsDelivered);
            Assert.True((await sender.CloseAsync(TimeSpan.MaxValue)).IsComplete);
        }
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    public async Task Other_calls_work_after_a_call_with_a_negative_timeout_threw(string scheme)
    {
        await using Responder responder = Track(Responder.Bind($"{scheme}://options-{Guid.NewGuid():N}"));
        Task running = responder.RunAsync(static (request, _) => request.Memory);
        await using Requester requester = Track(await Requester.ConnectAsync(responder.Address));

        // Connected and idle: in this state a caller pumps its endpoint itself.
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await requester.RequestAsync("?"u8.ToArray(), -1.Seconds()));
        using (Message reply = await requester.RequestAsync("a"u8.ToArray(), TimeSpan.MaxValue))
        {
            Assert.Equal("a", reply.Text);
        }

        await foreach (SurveyReply reply in requester.SurveyAsync("b"u8.ToArray(), Timeout.InfiniteTimeSpan))
        {
            Assert.Equal("b", reply.Message.Text);
        }

        requester.Dispose();
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    [Fact]
    public async Task A_timeout_longer_than_timers_support_expires_by_the_endpoints_own_clock()
    {
        ManualClock clock = new();
        await using Receiver receiver = Track(
            Receiver.Bind($"unix://options-{Guid.NewGuid():N}", new EndpointOptions { TimeProvider = clock }));
        TimeSpan all = TimeSpan.FromDays(120);
        Task<Message> receiving = receiver.ReceiveAsync(all).AsTask();
        clock.Advance(all - 1.Seconds());
        Assert.False(receiving.IsCompleted);
        clock.Advance(1.Seconds());
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(() => receiving);
        Assert.Equal(ErrorCode.Timeout, late.Code);
        Assert.Contains(all.TotalSeconds.ToString(CultureInfo.InvariantCulture), late.Message, StringComparison.Ordinal);
    }
}
