using Fairlead.Conformance;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>A caller that awaits alone leads while its request is sent: an immediate reply costs no other thread.</summary>
public sealed class AwaitedLeadTests(ITestOutputHelper output) : WatchedTest(output)
{
    // Another thread may lead at the first ones.
    private const int MostCalls = 64;

    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task A_caller_that_awaits_alone_leads_when_its_request_is_sent(string scheme)
    {
        SendingClock clock = new();
        await using Responder responder = Responder.Bind(TransportsUnderTest.Of(scheme).NewPlace());
        Task running = responder.RunAsync(static (request, _) => request.Memory);
        await using Requester requester = await Requester.ConnectAsync(responder.Address, new EndpointOptions { TimeProvider = clock });
        clock.Watch(requester);
        for (int i = 0; !clock.HasLed && i < MostCalls; i++)
        {
            // As after a reply that came late: the call does not begin by polling the memory.
            requester.Core.Pump.MemoryWaiter.IsSoon = false;
            using Message reply = await clock.AskAsync(requester);
            Assert.Equal("question", reply.Text);
        }

        Assert.True(clock.HasLed);
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    /// <summary>A request starts its timer just before it is sent: looks there who leads.</summary>
    private sealed class SendingClock : TimeProvider
    {
        // A thread that leads for anything but this call has left by then.
        private static readonly TimeSpan Patience = 100.Milliseconds();

        private int _caller;
        private Requester? _watched;

        public bool HasLed { get; private set; }

        public void Watch(Requester requester) => _watched = requester;

        public ValueTask<Message> AskAsync(Requester requester)
        {
            _caller = Environment.CurrentManagedThreadId;
            ValueTask<Message> asking = requester.RequestAsync("question"u8, 60.Seconds());
            _caller = 0;
            return asking;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (_caller == Environment.CurrentManagedThreadId)
            {
                HasLed |= !SpinWait.SpinUntil(() => !_watched!.Core.Pump.IsLed, Patience);
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
