using System.Collections.Concurrent;
using System.Diagnostics;

namespace Fairlead.Tests.Diagnostics;

[Collection(nameof(Alone))]
public sealed class TracingTests
{
    [Fact]
    public async Task A_handlers_span_is_a_child_of_the_requests_span_which_is_a_child_of_the_callers_span()
    {
        string name = $"inproc://trace-{Guid.NewGuid():N}";
        ConcurrentQueue<Activity> ended = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name is "Fairlead" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.OperationName.Contains(name, StringComparison.Ordinal))
                {
                    ended.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using ActivitySource source = new("test");
        await using Responder responder = await Responder.BindAsync(name);
        using CancellationTokenSource stop = new();
        Task run = responder.RunAsync((request, _) => request.Memory, cancellationToken: stop.Token);
        await using Requester requester = await Requester.ConnectAsync(name);

        using Activity caller = source.StartActivity("caller")!;
        (await requester.RequestAsync("x"u8)).Dispose();
        Assert.Same(caller, Activity.Current);
        requester.Request("y"u8).Dispose();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Activity[] requests = [.. ended.Where(a => a.OperationName.StartsWith("request", StringComparison.Ordinal))];
        Activity[] handled = [.. ended.Where(a => a.OperationName.StartsWith("process", StringComparison.Ordinal))];
        Assert.Equal((2, 2), (requests.Length, handled.Length));
        Assert.All(requests, request => Assert.Equal((caller.SpanId, ActivityKind.Client), (request.ParentSpanId, request.Kind)));
        Assert.Equal(requests.Select(r => r.SpanId.ToHexString()).Order(), handled.Select(h => h.ParentSpanId.ToHexString()).Order());
        Assert.All(handled, one => Assert.Equal((caller.TraceId, ActivityKind.Server), (one.TraceId, one.Kind)));
    }

    [Fact]
    public async Task An_ambient_trace_context_travels_without_a_listener()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://trace-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        await sender.SendAsync("none"u8);
        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.Equal(default, message.TraceContext);
        }

        using Activity ambient = new Activity("ambient").SetIdFormat(ActivityIdFormat.W3C).Start();
        await sender.SendAsync("some"u8);
        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.Equal((ambient.TraceId, true, "some"), (message.TraceContext.TraceId, message.TraceContext.IsRemote, message.Text));
        }
    }

    [Fact]
    public async Task A_trace_context_travels_with_concurrent_requests_too()
    {
        await using Responder responder = await Responder.BindAsync($"inproc://trace-{Guid.NewGuid():N}");
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        using Activity ambient = new Activity("ambient").SetIdFormat(ActivityIdFormat.W3C).Start();
        Task<Message>[] asking = [.. Enumerable.Range(0, 3).Select(_ => requester.RequestAsync("x"u8).AsTask())];
        for (int i = 0; i < asking.Length; i++)
        {
            using Request request = await responder.ReceiveAsync();
            Assert.Equal(ambient.TraceId, request.Message.TraceContext.TraceId);
            await request.ReplyAsync("y"u8);
        }

        foreach (Message reply in await Task.WhenAll(asking))
        {
            reply.Dispose();
        }
    }

    [Theory]
    [InlineData("unix", "")]
    [InlineData("unix", "&full=drop-oldest")]
    [InlineData("shm", "")]
    public async Task A_message_that_just_fits_is_sent_without_its_trace(string scheme, string options)
    {
        await using Hub hub = await Hub.BindAsync($"{scheme}://trace-{Guid.NewGuid():N}?maxmessage=1000{options}");
        await using Pair pair = await Pair.ConnectAsync(hub.Address.WithoutOptions().With("maxmessage", "1000"));
        using Activity ambient = new Activity("ambient").SetIdFormat(ActivityIdFormat.W3C).Start();

        pair.Send(new byte[1000]);
        await pair.SendAsync(new byte[1000]);
        Assert.Equal(SendResult.Sent, pair.TrySend(new byte[1000]));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        for (int i = 0; i < 3; i++)
        {
            using Message message = Assert.IsType<HubEvent.Said>(hub.NextEvent()).Message;
            Assert.Equal((1000, default), (message.Length, message.TraceContext));
        }

        Assert.Equal(1, hub.Broadcast(new byte[1000]));
        using (Message message = await pair.ReceiveAsync())
        {
            Assert.Equal((1000, default), (message.Length, message.TraceContext));
        }

        FairleadException error = Assert.Throws<FairleadException>(() => pair.Send(new byte[1001]));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.DoesNotContain("in front", error.Message, StringComparison.Ordinal);
    }
}
