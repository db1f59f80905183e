using System.Diagnostics;
using Fairlead.Conformance;

namespace Fairlead.Tests.Diagnostics;

/// <summary>A trace through two processes: a request here, and its handler there, which sends a message back.</summary>
[Collection(nameof(Alone))]
public sealed class ProcessTracingTests
{
    [Fact]
    public async Task The_parent_of_each_span_is_the_span_that_caused_it()
    {
        string name = $"unix://trace-{Guid.NewGuid():N}";
        using ActivitySource source = new($"test-{Guid.NewGuid():N}");
        Activity? asked = null;
        using ActivityListener listener = new()
        {
            ShouldListenTo = other => other == source || other.Name == "Fairlead",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                // Spans of tests beside this one stop on other threads: only one of them may write.
                if (activity.OperationName == $"request {name}")
                {
                    asked = activity;
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using Receiver receiver = await Receiver.BindAsync($"unix://trace-{Guid.NewGuid():N}");
        await using PeerProcess peer = PeerProcess.Start("tracer", name, receiver.Address.ToString());
        await peer.AnswerAsync();
        await using Requester requester = await Requester.ConnectAsync(name);

        using Activity caller = source.StartActivity("caller")!;
        (await requester.RequestAsync("x"u8)).Dispose();
        using Message message = await receiver.ReceiveAsync();

        string[] sent = (await peer.ReadLineAsync()).Split(' ');
        string[] processed = (await peer.ReadLineAsync()).Split(' ');
        Assert.Equal(["span", "send", caller.TraceId.ToHexString()], sent[..3]);
        Assert.Equal(["span", "process", caller.TraceId.ToHexString()], processed[..3]);
        Assert.NotNull(asked);
        Assert.Equal((caller.TraceId, caller.SpanId), (asked.TraceId, asked.ParentSpanId));
        Assert.Equal(asked.SpanId.ToHexString(), processed[4]);
        Assert.Equal(processed[3], sent[4]);
        Assert.Equal((caller.TraceId, sent[3]), (message.TraceContext.TraceId, message.TraceContext.SpanId.ToHexString()));
        Assert.Equal(0, await peer.FinishAsync());
    }
}
