using Fairlead.Rpc.Callbacks;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>The queue of callbacks for a client that asks late, or never.</summary>
public sealed class ServerSessionTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly ServerSession _session = new(new Fairlead.Peer { ProcessId = 1 });

    [Fact]
    public async Task Callbacks_cancelled_before_the_client_polls_leave_nothing()
    {
        using CancellationTokenSource end = new();
        Task<Message>[] calls = [.. Enumerable.Range(0, 900).Select(_ => _session.CallAsync(1, [1], null, end.Token))];
        await end.CancelAsync();
        foreach (Task<Message> call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        Task<Message> last = _session.CallAsync(1, [2], null, CancellationToken.None);
        Assert.Equal([2], Assert.Single(await PollAsync()).Frame);
        await EndAsync(last);
    }

    [Fact]
    public async Task Cancelling_a_callback_at_the_client_sends_its_cancellation()
    {
        using CancellationTokenSource end = new();
        Task<Message> call = _session.CallAsync(7, [1], null, end.Token);
        Callback taken = Assert.Single(await PollAsync());
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Callback off = Assert.Single(await PollAsync());
        Assert.Equal((taken.Number, 0), (off.Number, off.Target));
    }

    [Fact]
    public async Task A_long_queue_of_callbacks_is_sent_in_several_replies_in_order()
    {
        const int Long = 200 * 1024;
        Task<Message>[] calls = [.. Enumerable.Range(1, 300).Select(i => _session.CallAsync(i, new byte[i < 4 ? Long : 1], null, default))];
        Assert.Equal([1, 2], (await PollAsync()).Select(one => one.Target));
        Assert.Equal(Enumerable.Range(3, 256), (await PollAsync()).Select(one => one.Target));
        Assert.Equal(Enumerable.Range(259, 42), (await PollAsync()).Select(one => one.Target));
        await EndAsync(calls);
    }

    [Fact]
    public async Task A_callback_that_is_too_long_fails_and_the_client_gets_the_others()
    {
        await using Responder responder = await Responder.BindAsync("inproc://callbacks");
        await using Requester client = await Requester.ConnectAsync("inproc://callbacks?maxmessage=64KiB");
        Task<Message>[] calls =
        [
            .. Enumerable.Range(1, 9).Select(i => _session.CallAsync(i, new byte[i == 5 ? 100_000 : 20_000], null, default)),
        ];
        List<int> targets = [];
        while (targets.Count < 8)
        {
            Task<Message> polling = client.RequestAsync("poll"u8).AsTask();
            using Request poll = await responder.ReceiveAsync();
            await _session.PollAsync(poll, takesTraces: false, CancellationToken.None);
            using Message reply = await polling;
            targets.AddRange(Callback.ReadAll(reply.Span).Select(one => one.Target));
        }

        Assert.Equal([1, 2, 3, 4, 6, 7, 8, 9], targets);
        FairleadException tooLong = await Assert.ThrowsAsync<FairleadException>(() => calls[4]);
        Assert.Equal(ErrorCode.TooLarge, tooLong.Code);
        await EndAsync([.. calls.Where(call => call != calls[4])]);
    }

    /// <summary>Each keeps its request: a client must not fill the memory with them.</summary>
    [Fact]
    public async Task The_number_of_waiting_polls_is_limited()
    {
        using CancellationTokenSource end = new();
        using HandmadeRequest poll = HandmadeRequest.Create([]);
        Task[] waiting =
        [
            .. Enumerable.Range(0, RpcLimits.MaxPolls).Select(_ => _session.PollAsync(poll.Request, false, end.Token).AsTask()),
        ];
        await Assert.ThrowsAsync<RpcFormatException>(() => _session.PollAsync(poll.Request, false, end.Token).AsTask().WaitAsync(Watchdog));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));

        // Those that have ended count no more.
        Task<Message> call = _session.CallAsync(1, [1], null, CancellationToken.None);
        Assert.Single(await PollAsync());
        await EndAsync(call);
    }

    private async Task<Callback[]> PollAsync()
    {
        using HandmadeRequest poll = HandmadeRequest.Create([]);
        await _session.PollAsync(poll.Request, takesTraces: false, CancellationToken.None);
        return Callback.ReadAll(poll.Reply!.Value.Span);
    }

    private async Task EndAsync(params Task<Message>[] calls)
    {
        _session.End();
        foreach (Task<Message> call in calls)
        {
            FairleadException gone = await Assert.ThrowsAsync<FairleadException>(() => call);
            Assert.Equal(ErrorCode.PeerGone, gone.Code);
        }
    }
}
