using System.Text;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>
/// An awaiting caller takes an immediate reply directly from the ring. For a later reply it waits like any other caller, and all guarantees
/// of its call hold.
/// </summary>
public sealed class AwaitedCallTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly Responder _responder = Responder.Bind($"shm://awaited-{Guid.NewGuid():N}");
    private readonly Requester _requester;

    public AwaitedCallTests() =>
        _requester = Requester.Connect(
            _responder.Address, new EndpointOptions { TimeProvider = _clock, WaitStrategy = WaitStrategy.Latency });

    public async ValueTask InitializeAsync() => await AskOnceAsync(_requester, _responder);

    public ValueTask DisposeAsync()
    {
        _requester.Dispose();
        _responder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_reply_that_arrives_immediately_leaves_no_waiting_caller()
    {
        Task running = _responder.RunAsync(static (request, _) => request.Memory);
        bool isThere = false;
        for (int i = 0; !isThere; i++)
        {
            ValueTask<Message> asking = _requester.RequestAsync(Encoding.UTF8.GetBytes($"{i}"));
            isThere = asking.IsCompleted && _requester.Core.Pump.AwaitedEvents.Callers == 0;
            using Message reply = await asking;
            Assert.Equal($"{i}", reply.Text);
        }

        _responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    [Fact]
    public async Task A_reply_that_arrives_later_is_awaited()
    {
        byte[] question = "question"u8.ToArray();
        ValueTask<Message> asking = _requester.RequestAsync(question.AsSpan());
        Assert.False(asking.IsCompleted);
        Assert.Equal(1, _requester.Core.Pump.AwaitedEvents.Callers);
        question.AsSpan().Clear();
        using (Request request = _responder.Receive())
        {
            Assert.Equal("question", request.Text);
            request.Reply("answer"u8);
        }

        using Message reply = await asking;
        Assert.Equal("answer", reply.Text);
        Assert.Equal(0, _requester.Core.Pump.AwaitedEvents.Callers);
    }

    [Fact]
    public async Task An_awaited_request_times_out()
    {
        ValueTask<Message> asking = _requester.RequestAsync("question"u8, 5.Seconds());
        using Request request = _responder.Receive();
        _clock.Advance(4.Seconds());
        Assert.False(asking.IsCompleted);
        _clock.Advance(2.Seconds());
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await asking);
        Assert.Equal(ErrorCode.Timeout, error.Code);
    }

    [Fact]
    public async Task An_awaited_request_can_be_cancelled()
    {
        using CancellationTokenSource cancellation = new();
        ValueTask<Message> asking = _requester.RequestAsync("question"u8, cancellationToken: cancellation.Token);
        using Request request = _responder.Receive();
        Assert.False(asking.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await asking);
    }

    [Fact]
    public async Task An_awaited_request_fails_with_its_peer()
    {
        ValueTask<Message> asking = _requester.RequestAsync("question"u8);
        _responder.Receive().Dispose();
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await asking);
        Assert.Equal(ErrorCode.Failed, error.Code);
        asking = _requester.RequestAsync("question"u8);
        _responder.Dispose();
        error = await Assert.ThrowsAsync<FairleadException>(async () => await asking);
        Assert.Equal(ErrorCode.PeerGone, error.Code);
    }

    /// <summary>The caller may have overwritten its request long ago.</summary>
    [Fact]
    public async Task A_repeatable_request_is_repeated_unchanged_at_the_next_responder()
    {
        using Requester bound = Requester.Bind($"shm://repeated-{Guid.NewGuid():N}?waiting=latency");
        Responder first = Responder.Connect(bound.Address);
        await AskOnceAsync(bound, first);
        byte[] question = "question"u8.ToArray();
        ValueTask<Message> asking = bound.RequestAsync(question.AsSpan(), new RequestOptions { Idempotent = true });
        question.AsSpan().Clear();
        Request unanswered = first.Receive();
        first.Dispose();
        using Responder second = Responder.Connect(bound.Address);
        using (Request request = second.Receive())
        {
            Assert.Equal("question", request.Text);
            request.Reply("answer"u8);
        }

        using Message reply = await asking;
        Assert.Equal("answer", reply.Text);
        unanswered.Dispose();
    }

    /// <summary>The very first call takes another path: the counter of messages in transit has to be created.</summary>
    private static async Task AskOnceAsync(Requester requester, Responder responder)
    {
        ValueTask<Message> asking = requester.RequestAsync("first"u8);
        using (Request request = responder.Receive())
        {
            request.Reply("first"u8);
        }

        (await asking).Dispose();
    }
}
