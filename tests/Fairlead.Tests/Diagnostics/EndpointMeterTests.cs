using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Fairlead.Tests.Diagnostics;

[SlowRun]
public sealed class EndpointMeterTests
{
    [Fact]
    public async Task A_listener_sees_sent_received_depth_and_peers()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://meter-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < 5; i++)
        {
            sender.Send(new byte[10]);
        }

        receiver.Receive().Dispose();
        receiver.Receive().Dispose();
        while (receiver.Statistics.QueueDepth < 3)
        {
            // The reactor reads the rest, because no caller waits here.
            await Task.Yield();
        }

        Dictionary<string, long> ofSender = Collect(receiver.Address, "Sender");
        Dictionary<string, long> ofReceiver = Collect(receiver.Address, "Receiver");
        Assert.Equal((5, 50), (ofSender["messaging.client.sent.messages"], ofSender["fairlead.sent.bytes"]));
        Assert.Equal((2, 20), (ofReceiver["messaging.client.consumed.messages"], ofReceiver["fairlead.consumed.bytes"]));
        Assert.Equal(
            (3, 1, 0), (ofReceiver["fairlead.queue.depth"], ofReceiver["fairlead.peers"], ofReceiver["fairlead.messages.dropped"]));
    }

    [Fact]
    public async Task Durations_are_recorded_while_a_listener_is_active()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> seen = new();
        using MeterListener listener = ListenAt(name, seen);
        await using Responder responder = await Responder.BindAsync(name);
        using CancellationTokenSource stop = new();
        Task run = AnswerAsync(responder, stop.Token);
        await using Requester requester = await Requester.ConnectAsync(name);

        long began = Stopwatch.GetTimestamp();
        (await requester.RequestAsync("x"u8)).Dispose();
        requester.Request("x"u8).Dispose();
        await Assert.ThrowsAsync<FairleadException>(async () => await requester.RequestAsync("y"u8));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        // In seconds, one request after the other: all requests together took no longer than this, nor did their handlers.
        double elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.All(seen, one => Assert.True(one.Value > 0, $"{one.Name}: {one.Value}"));
        Assert.All(
            seen.GroupBy(static one => one.Name),
            all =>
                Assert.True(
                    all.Sum(static one => one.Value) <= elapsed,
                    $"{all.Key}: {string.Join(" + ", all.Select(static one => one.Value))} s of {elapsed} s"));
        Assert.Equal(
            3,
            seen.Count(one =>
                one.Name == "messaging.client.operation.duration"
                && one.Tags["messaging.operation.name"] is "request"
                && one.Tags["fairlead.pattern"] is "Requester"));
        Assert.Equal(
            "Failed",
            Assert.Single(seen, one => one.Name == "messaging.client.operation.duration" && one.Tags.ContainsKey("error.type")).Tags[
                "error.type"
            ]);
        Assert.Equal(3, seen.Count(one => one.Name == "messaging.process.duration" && one.Tags["fairlead.pattern"] is "Responder"));
        Assert.Equal(
            "System.IO.InvalidDataException",
            Assert.Single(seen, one => one.Name == "messaging.process.duration" && one.Tags.ContainsKey("error.type")).Tags["error.type"]);
    }

    [Fact]
    public async Task Concurrent_requests_are_measured_too()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> seen = new();
        using MeterListener listener = ListenAt(name, seen);
        await using Responder responder = await Responder.BindAsync(name);
        await using Requester requester = await Requester.ConnectAsync(name);
        Task<Message>[] asking = [.. Enumerable.Range(0, 3).Select(_ => requester.RequestAsync("x"u8).AsTask())];
        using CancellationTokenSource stop = new();
        Task run = AnswerAsync(responder, stop.Token);
        foreach (Message reply in await Task.WhenAll(asking))
        {
            reply.Dispose();
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(3, seen.Count(static one => one.Name == "messaging.client.operation.duration"));
    }

    [Fact]
    public async Task A_message_that_is_dropped_or_not_accepted_is_measured_with_its_error()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> seen = new();
        using MeterListener listener = ListenAt(name, seen);
        await using Sender sender = await Sender.BindAsync(
                name, new() { OverflowPolicy = OverflowPolicy.DropNewest, MaxUnreadMessages = 1 });
        await sender.SendAsync("kept"u8);
        await sender.SendAsync("dropped"u8);
        await using Receiver receiver = await Receiver.ConnectAsync(name);
        (await receiver.ReceiveAsync()).Dispose();
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        (await receiver.ReceiveAsync()).Dispose();
        Assert.Equal(DeliveryStatus.NotDelivered, (await delivering).Status);

        Assert.Equal(
            [("send", null), ("send", "Dropped"), ("deliver", "NotDelivered")],
            seen.Select(static one => ((string)one.Tags["messaging.operation.name"]!, (string?)one.Tags.GetValueOrDefault("error.type"))));
    }

    [Fact]
    public async Task An_exception_of_a_listener_fails_no_measured_operation()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        int thrown = 0;
        using MeterListener listener = NewListener();
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Throw(tags));
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Throw(tags));
        listener.Start();
        await using Responder responder = await Responder.BindAsync(name);
        using CancellationTokenSource stop = new();
        Task run = AnswerAsync(responder, stop.Token);
        await using Requester requester = await Requester.ConnectAsync(name);

        (await requester.RequestAsync("x"u8)).Dispose();
        requester.Request("x"u8).Dispose();

        // The handler's failure is counted, too, before the requester is told.
        await Assert.ThrowsAsync<FairleadException>(async () => await requester.RequestAsync("y"u8));
        (await requester.RequestAsync("x"u8)).Dispose();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        // Four requests at both ends, and one failure.
        Assert.Equal(9, thrown);

        void Throw(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.ToArray().Contains(new("messaging.destination.name", name)))
            {
                Interlocked.Increment(ref thrown);
                throw new InvalidOperationException("thrown by a listener");
            }
        }
    }

    /// <summary>Answers <c>x…</c>, and throws for anything else.</summary>
    private static Task AnswerAsync(Responder responder, CancellationToken stop) => responder.RunAsync(
        (request, _) => request.Span[0] == 'x' ? request.Memory : throw new InvalidDataException("no x"), cancellationToken: stop);

    private static Dictionary<string, long> Collect(Address address, string pattern)
    {
        Dictionary<string, long> values = [];
        using MeterListener listener = NewListener();
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> named = tags.ToArray().ToDictionary();
            if ((string?)named["messaging.destination.name"] == address.ToString() && (string?)named["fairlead.pattern"] == pattern)
            {
                values[instrument.Name] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }

    private static MeterListener ListenAt(string name, ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> seen)
    {
        MeterListener listener = NewListener();
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> named = tags.ToArray().ToDictionary();
            if (named["messaging.destination.name"] is string destination && destination == name)
            {
                seen.Enqueue((instrument.Name, value, named));
            }
        });
        listener.Start();
        return listener;
    }

    private static MeterListener NewListener() => new()
    {
        InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Meter.Name == "Fairlead")
            {
                self.EnableMeasurementEvents(instrument);
            }
        },
    };
}
