using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Fairlead.Testing;

namespace Fairlead.Tests.Patterns;

/// <summary>A handler's exception is reported on its own side; the options determine what the peer gets.</summary>
public sealed class HandlerFailureTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const string Secret = "connection string: Password=secret";
    private const string Told = "the handler threw InvalidOperationException; only its own side sees the message";

    [Theory]
    [InlineData(ErrorDetails.Type, Told)]
    [InlineData(ErrorDetails.Message, Secret)]
    public async Task A_sender_gets_the_error_details_that_the_options_select(ErrorDetails details, string told)
    {
        foreach (string pattern in (string[])["Receiver", "Pair"])
        {
            Address place = NewPlace();
            EndpointOptions options = new() { ErrorDetails = details };
            MessagingEndpoint bound = Track<MessagingEndpoint>(
                pattern == "Pair" ? Pair.Bind(place, options) : Receiver.Bind(place, options));
            HandlerFailure? failure = null;
            bound.HandlerFailed += (sender, one) => failure = sender == bound ? one : null;
            Task running = bound is Pair pair ? pair.RunAsync(Fail) : ((Receiver)bound).RunAsync(Fail);
            Delivery delivery = pattern == "Pair"
                ? await Track(await Pair.ConnectAsync(place)).DeliverAsync("x"u8)
                : await Track(await Sender.ConnectAsync(place)).DeliverAsync("x"u8);
            Assert.Equal(told, delivery.Reason);
            Assert.Equal((HandlerKind.Message, Secret), (failure!.Kind, failure.Exception.Message));
            Assert.NotNull(failure.Peer);
            Assert.Equal(Secret, (await Assert.ThrowsAsync<InvalidOperationException>(() => running)).Message);
        }

        static ValueTask Fail(Message message, CancellationToken cancellationToken) => throw new InvalidOperationException(Secret);
    }

    [Fact]
    public async Task HandlerFailed_reports_a_handler_of_a_subscriber_too()
    {
        Publisher publisher = Track(Publisher.Bind(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, "t"));
        TaskCompletionSource<HandlerFailure> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        subscriber.HandlerFailed += (_, failure) => failed.SetResult(failure);
        Task running = subscriber.RunAsync((_, _) => throw new InvalidOperationException(Secret));
        publisher.Publish("t", "x"u8);
        Assert.Equal(HandlerKind.Message, (await failed.Task).Kind);
        await Assert.ThrowsAsync<InvalidOperationException>(() => running);
    }

    [Fact]
    public async Task HandlerFailed_reports_a_dead_letter_handler_too()
    {
        WorkQueue queue = Track(WorkQueue.Bind(
            NewPlace(), new() { MaxDeliveries = 1, DeadLetter = _ => throw new InvalidOperationException(Secret) }));
        HandlerFailure? failure = null;
        queue.HandlerFailed += (_, one) => failure = one;
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        (await worker.ReceiveAsync()).Reject("no");
        Delivery delivery = await delivering;
        Assert.DoesNotContain("Password", delivery.Reason, StringComparison.Ordinal);
        Assert.Equal((HandlerKind.DeadLetter, Secret), (failure!.Kind, failure.Exception.Message));
    }

    [Fact]
    public async Task An_item_whose_dead_letter_handler_runs_out_of_memory_is_still_answered()
    {
        // An array can never be so long.
        WorkQueue queue = Track(WorkQueue.Bind(
            NewPlace(), new() { MaxDeliveries = 1, DeadLetter = _ => new ValueTask(Task.FromResult(new byte[int.MaxValue])) }));
        HandlerFailure? failure = null;
        queue.HandlerFailed += (_, one) => failure = one;
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        (await worker.ReceiveAsync()).Reject("no");
        Assert.Equal(DeliveryStatus.NotDelivered, (await delivering).Status);
        Assert.IsType<OutOfMemoryException>(failure!.Exception);
        Assert.Equal((HandlerKind.DeadLetter, 0), (failure.Kind, queue.Count));
    }

    [Theory]
    [InlineData(ErrorDetails.Type)]
    [InlineData(ErrorDetails.Message)]
    public async Task A_run_continues_after_an_exception_whose_Message_throws(ErrorDetails details)
    {
        Responder responder = Track(Responder.Bind(NewPlace(), new() { ErrorDetails = details }));
        HandlerFailure? failure = null;
        responder.HandlerFailed += (_, one) =>
        {
            failure = one;
            throw one.Exception;
        };
        Task running = responder.RunAsync(
            (request, _) => request.Text == "fail" ? throw new TextlessException() : request.Memory, concurrency: 1);
        Requester requester = Track(await Requester.ConnectAsync(responder.Address));
        FairleadException error = await FailsAsync(ErrorCode.Failed, async () => await requester.RequestAsync("fail"u8));
        Assert.Contains(nameof(TextlessException), error.Message, StringComparison.Ordinal);
        Assert.IsType<TextlessException>(failure!.Exception);
        Assert.False(running.IsCompleted);
        (await requester.RequestAsync("go on"u8)).Dispose();
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    [Theory]
    [InlineData("at once")]
    [InlineData("later")]
    [InlineData("in parts")]
    public async Task A_run_continues_after_a_reply_whose_memory_was_released(string how)
    {
        Responder responder = Track(Responder.Bind(NewPlace()));
        HandlerFailure? failure = null;
        responder.HandlerFailed += (_, one) => failure = one;
        Task running = responder.RunAsync(ReplyAsync, concurrency: 1);
        Requester requester = Track(await Requester.ConnectAsync(responder.Address));
        FairleadException error = await FailsAsync(
            ErrorCode.Failed, async () => await requester.RequestAsync(System.Text.Encoding.UTF8.GetBytes(how)));
        Assert.Contains(nameof(ObjectDisposedException), error.Message, StringComparison.Ordinal);
        Assert.IsType<ObjectDisposedException>(failure!.Exception);
        Assert.False(running.IsCompleted);
        (await requester.RequestAsync("go on"u8)).Dispose();
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);

        static async ValueTask<ReadOnlyMemory<byte>> ReplyAsync(Request request, RequestContext context)
        {
            using GoneMemory gone = new();
            switch (request.Text)
            {
                case "at once":
                    return gone.Memory;
                case "later":
                    await Task.Yield();
                    return gone.Memory;
                case "in parts":
                    request.Reply(Parts.Of(new byte[8], gone.Memory));
                    break;
            }

            return request.Memory;
        }
    }

    [Fact]
    public async Task The_requester_gets_an_error_for_a_reply_that_is_too_long_for_it()
    {
        Responder responder = Track(Responder.Bind(NewPlace()));
        ConcurrentQueue<HandlerFailure> failures = new();
        responder.HandlerFailed += (_, failure) => failures.Enqueue(failure);
        Task running = responder.RunAsync((request, _) =>
        {
            if (request.Text == "by hand")
            {
                request.Reply(new byte[5_000]);
            }

            return new byte[5_000];
        });
        Requester requester = Track(await Requester.ConnectAsync(responder.Address.With("maxmessage", "1000")));
        foreach (string how in (string[])["by hand", "returned"])
        {
            FairleadException error = await FailsAsync(
                ErrorCode.TooLarge, async () => await requester.RequestAsync(System.Text.Encoding.UTF8.GetBytes(how)));
            Assert.Contains("5000 bytes", error.Message, StringComparison.Ordinal);
        }

        // A returned reply is no longer the handler's code.
        Assert.Single(failures);
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    [Fact]
    public async Task A_cancelled_handler_has_not_failed()
    {
        Responder responder = Track(Responder.Bind(NewPlace()));
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ConcurrentQueue<HandlerFailure> failures = new();
        responder.HandlerFailed += (_, failure) => failures.Enqueue(failure);
        Task running = responder.RunAsync(async (request, context) =>
        {
            if (request.Text == "wait")
            {
                begun.SetResult();
                try
                {
                    await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
                }
                finally
                {
                    cancelled.SetResult();
                }
            }

            return request.Memory;
        });
        Requester requester = Track(await Requester.ConnectAsync(responder.Address));
        using CancellationTokenSource stop = new();
        ValueTask<Message> asking = requester.RequestAsync("wait"u8, cancellationToken: stop.Token);

        // A request that is cancelled before a handler has it is handled by none.
        await begun.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await asking);
        await cancelled.Task;
        (await requester.RequestAsync("go on"u8)).Dispose();
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        Assert.Empty(failures);
    }

    [Fact]
    public async Task A_callback_that_throws_when_the_time_has_passed_does_not_end_the_process()
    {
        using ContainedErrors contained = new("a timer");
        using HandmadeRequest request = HandmadeRequest.Create("x"u8, timeout: TimeSpan.FromMilliseconds(50));
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken token = request.Context.CancellationToken;

        // The callback that was registered last runs first.
        token.UnsafeRegister(_ => told.TrySetResult(), null);
        token.UnsafeRegister(static _ => throw new InvalidOperationException("the callback failed"), null);
        await told.Task;
        while (!contained.Next().Contains("the callback failed", StringComparison.Ordinal))
        {
        }
    }

    [Fact]
    public async Task The_event_source_and_the_meter_report_a_handler_failure()
    {
        Address place = NewPlace();
        ConcurrentQueue<string> counted = new();
        using MeterListener meter = new();
        meter.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == "fairlead.handler.failures")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meter.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            Dictionary<string, object?> all = new(tags.ToArray());
            if ((string?)all["messaging.destination.name"] == place.ToString())
            {
                counted.Enqueue($"{value} {all["fairlead.pattern"]} {all["fairlead.handler"]} {all["error.type"]}");
            }
        });
        meter.Start();
        using FailureListener events = new(place.ToString());
        Responder responder = Track(Responder.Bind(place));
        responder.HandlerFailed += (_, _) => throw new InvalidOperationException("It may do this.");
        Task running = responder.RunAsync(static ReadOnlyMemory<byte> (_, _) => throw new InvalidOperationException(Secret));
        Requester requester = Track(await Requester.ConnectAsync(place));
        await FailsAsync(ErrorCode.Failed, async () => await requester.RequestAsync("x"u8));
        Assert.Equal("1 Responder Request System.InvalidOperationException", Assert.Single(counted));
        Assert.Equal(["HandlerFailed", "Contained"], events.Heard.Select(static one => one.Name));
        Assert.Equal("Request", events.Heard.First().Payload[1]);
        Assert.Contains(Secret, (string)events.Heard.First().Payload[2]!, StringComparison.Ordinal);
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    private static Address NewPlace() => $"inproc://{Guid.NewGuid():N}";

    private sealed class FailureListener(string address) : EventListener
    {
        public ConcurrentQueue<(string Name, object?[] Payload)> Heard { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Fairlead")
            {
                EnableEvents(eventSource, EventLevel.Error);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if ((string?)eventData.Payload![0] == address)
            {
                Heard.Enqueue((eventData.EventName!, [.. eventData.Payload]));
            }
        }
    }

    /// <summary>An exception that fails when its text is asked for.</summary>
    private sealed class TextlessException : Exception
    {
        public override string Message => throw new InvalidOperationException("no text");
    }
}
