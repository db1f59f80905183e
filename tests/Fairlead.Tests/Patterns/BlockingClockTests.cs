using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>A blocking call ends by the endpoint's clock, and by no other.</summary>
public sealed class BlockingClockTests(ITestOutputHelper output) : WatchedTest(output)
{
    private readonly ManualClock _clock = new();

    public static TheoryData<string> Schemes => ["inproc", "shm", "tcp", "unix", "unixpacket"];

    [Theory]
    [MemberData(nameof(Schemes))]
    public async Task A_blocking_receive_times_out_by_its_clock_and_not_before(string scheme)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        Receiver receiver = Track(Receiver.Bind(place, Options()));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));

        await Until(() => _clock.Armed == 0, "the handshake is over");

        // One of them leads, and the others follow.
        Task<bool>[] waiting =
        [
            .. Enumerable.Range(1, 3).Select(i => OnThread(() => receiver.TryReceive(i * 40.Milliseconds(), out _))),
        ];
        await Until(() => _clock.Armed == waiting.Length, "all of them wait");

        // By the system's clock all calls have ended by now.
        Assert.False(await OnThread(RealTimeHasPassed));
        Assert.DoesNotContain(waiting, static task => task.IsCompleted);
        for (int i = 0; i < waiting.Length; i++)
        {
            await Until(() => _clock.Armed == waiting.Length - i, "the others wait");
            _clock.Advance(39.Milliseconds());
            Assert.Equal(waiting.Length - i, _clock.Armed);
            _clock.Advance(1.Milliseconds());
            Assert.False(await waiting[i]);
        }

        // The endpoint still receives.
        Task<bool> last = OnThread(() =>
        {
            bool came = receiver.TryReceive(1.Seconds(), out Message message);
            message.Dispose();
            return came;
        });
        sender.Send("x"u8);
        Assert.True(await last);
        Assert.Equal(0, _clock.Armed);
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public async Task A_request_a_delivery_and_a_send_time_out_by_their_clock_too(string scheme)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(scheme);
        Responder responder = Track(Responder.Bind(transport.NewPlace()));
        Requester requester = Track(await Requester.ConnectAsync(responder.Address, Options()));
        Receiver receiver = Track(Receiver.Bind(transport.NewPlace().With("messages", "1")));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address.WithoutOptions(), Options()));
        sender.Send("fills it"u8);
        Task[] waiting =
        [
            OnThread(() => Fails(ErrorCode.Timeout, () => requester.Request("?"u8, 50.Milliseconds()))),
            OnThread(() => Fails(ErrorCode.Timeout, () => sender.Send("x"u8, 50.Milliseconds()))),
            OnThread(() => Assert.False(sender.Deliver("x"u8, 50.Milliseconds()).IsDelivered)),
        ];
        Assert.False(await OnThread(RealTimeHasPassed));
        Assert.DoesNotContain(waiting, static task => task.IsCompleted);
        foreach (Task task in waiting)
        {
            await Until(
                () =>
                {
                    _clock.Advance(10.Milliseconds());
                    return task.IsCompleted;
                },
                "its time is over");
            await task;
        }
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public async Task A_clock_that_is_set_while_a_timer_is_armed_ends_the_call(string scheme)
    {
        JumpingClock clock = new();
        EndpointOptions options = new() { TimeProvider = clock, Heartbeat = TimeSpan.Zero };
        Receiver receiver = Track(Receiver.Bind(TransportsUnderTest.Of(scheme).NewPlace(), options));
        Track(await Sender.ConnectAsync(receiver.Address));
        await Until(() => clock.Inner.Armed == 0, "the handshake is over");
        clock.Jumps = true;
        Assert.False(await OnThread(() => receiver.TryReceive(40.Milliseconds(), out _)));
    }

    private EndpointOptions Options() => new() { TimeProvider = _clock, Heartbeat = TimeSpan.Zero };

    /// <summary>Waits by the system's clock, longer than the timeouts of the calls under test.</summary>
    private bool RealTimeHasPassed()
    {
        using Receiver nobodySends = Receiver.Bind($"inproc://{Guid.NewGuid():N}");
        return nobodySends.TryReceive(300.Milliseconds(), out _);
    }

    /// <summary>A clock that is set to each timer's end before the timer begins.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        public ManualClock Inner { get; } = new();

        public bool Jumps { get; set; }

        public override long TimestampFrequency => Inner.TimestampFrequency;

        public override long GetTimestamp() => Inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (Jumps && dueTime > TimeSpan.Zero)
            {
                Inner.Advance(dueTime);
            }

            return Inner.CreateTimer(callback, state, dueTime, period);
        }
    }
}
