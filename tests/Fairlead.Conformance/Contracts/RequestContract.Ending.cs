using System.Collections.Concurrent;
using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <content>Errors, cancellation, deadlines, and either side's end.</content>
public abstract partial class RequestContract
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_handlers_error_reaches_the_caller_and_its_message_stays_here(Calls calls)
    {
        ConcurrentQueue<HandlerFailure> failures = new();
        (Requester requester, Responder responder) = await OpenRequestAsync();
        responder.HandlerFailed += (_, failure) => failures.Enqueue(failure);
        responder.HandlerFailed += (_, _) => throw new InvalidOperationException("A handler may do this.");
        Task running = responder.RunAsync((request, _) => request.Text switch
        {
            "throw" => throw new InvalidOperationException("cannot do that"),
            "code" => throw new FairleadException(ErrorCode.PermissionDenied, "you may not"),
            "nested" => throw new FairleadException(ErrorCode.NotFound, "no secrets there") { Address = "unix://secret" },
            "cancel" => throw new OperationCanceledException("had enough"),
            _ => "fine"u8.ToArray(),
        });

        FairleadException thrown = await FailsAsync(ErrorCode.Failed, () => RequestAsync(requester, calls, "throw"u8.ToArray()));
        Assert.Equal("the handler threw InvalidOperationException; only its own side sees the message", thrown.WhatHappened);
        FairleadException refused = await FailsAsync(ErrorCode.PermissionDenied, () => RequestAsync(requester, calls, "code"u8.ToArray()));
        Assert.Contains("you may not", refused.Message, StringComparison.Ordinal);
        FairleadException nested = await FailsAsync(ErrorCode.NotFound, () => RequestAsync(requester, calls, "nested"u8.ToArray()));
        Assert.Equal("the handler threw FairleadException; only its own side sees the message", nested.WhatHappened);
        await FailsAsync(ErrorCode.Failed, () => RequestAsync(requester, calls, "cancel"u8.ToArray()));

        // Reported here before it is reported there.
        Assert.Equal(
            ["cannot do that", "you may not", "unix://secret: no secrets there", "had enough"],
            failures.Select(static failure => failure.Exception.Message));
        Assert.All(failures, static failure => Assert.Equal(HandlerKind.Request, failure.Kind));
        Assert.All(failures, static failure => Assert.NotNull(failure.Peer));

        // None of these errors ends the run.
        using Message reply = await RequestAsync(requester, calls, "go on"u8.ToArray());
        Assert.Equal("fine", reply.Text);
        await EndAsync(responder, running);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task An_idle_requester_notices_that_its_responder_disconnected(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "another responder may come");

        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task running = responder.RunAsync(static (request, _) => request.Memory);
        for (int i = 0; i < 3; i++)
        {
            using Message reply = await RequestAsync(requester, calls, "who?"u8.ToArray());
        }

        await EndAsync(responder, running);
        await Until(() => requester.Peers.Count == 0, "it has noticed");
    }

    [Fact]
    public async Task A_request_disposed_without_a_reply_fails()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();

        ValueTask<Message> asking = requester.RequestAsync("x"u8);
        (await responder.ReceiveAsync()).Dispose();
        FairleadException error = await FailsAsync(ErrorCode.Failed, async () => await asking);
        Assert.Contains("without a reply", error.Message, StringComparison.Ordinal);

        asking = requester.RequestAsync("y"u8);
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.True(request.Fail(ErrorCode.NotFound, new string('é', 10_000)));
        }

        error = await FailsAsync(ErrorCode.NotFound, async () => await asking);
        Assert.Contains("ééé", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_reply_that_is_too_long_for_the_caller_fails_only_that_call(Calls calls)
    {
        (Requester requester, Responder responder) = await OpenRequestAsync(options: "maxmessage=1000");
        Task running = responder.RunAsync(
            (request, _) => new byte[int.Parse(request.Text, System.Globalization.CultureInfo.InvariantCulture)]);

        await FailsAsync(ErrorCode.TooLarge, () => RequestAsync(requester, calls, "1001"u8.ToArray()));
        using (Message reply = await RequestAsync(requester, calls, "1000"u8.ToArray()))
        {
            Assert.Equal(1000, reply.Length);
        }

        if (!Transport.HasPeers)
        {
            // A responder does not learn what its requester takes.
            await EndAsync(responder, running);
            return;
        }

        // If requests are taken one by one, the responder gets the error, and can still answer otherwise.
        await EndAsync(responder, running);
        (requester, responder) = await OpenRequestAsync(options: "maxmessage=1000");
        ValueTask<Message> asking = requester.RequestAsync("x"u8);
        using (Request request = await responder.ReceiveAsync())
        {
            Fails(ErrorCode.TooLarge, () => request.Reply(new byte[1001]));
            Assert.True(request.Reply("short"u8));
        }

        using Message second = await asking;
        Assert.Equal("short", second.Text);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Cancelling_reaches_the_handler(Calls calls)
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task running = responder.RunAsync(async (_, context) =>
        {
            Assert.Null(context.Timeout);
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(() => cancelled.TrySetResult());
            begun.TrySetResult();
            await cancelled.Task;
            return "nobody reads this"u8.ToArray();
        });
        using CancellationTokenSource cancel = new();

        Task<Message> asking = RequestAsync(requester, calls, "x"u8.ToArray(), cancellationToken: cancel.Token);
        await begun.Task;
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await cancelled.Task;

        await EndAsync(responder, running);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task The_remaining_time_reaches_the_handler_and_ends_caller_and_handler(Calls calls)
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TimeSpan? told = null;
        Task running = responder.RunAsync(async (_, context) =>
        {
            told = context.Timeout;
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(() => cancelled.TrySetResult());
            await over.Task;
            return default;
        });

        TimeSpan given = default;
        foreach (TimeSpan timeout in LongerAndLonger().TakeWhile(_ => told is null))
        {
            given = timeout;
            FairleadException error = await FailsAsync(ErrorCode.Timeout, () => RequestAsync(requester, calls, "x"u8.ToArray(), timeout));
            Output.WriteLine(error.Message);
        }

        await cancelled.Task;
        over.SetResult();
        Assert.InRange(told!.Value, TimeSpan.FromTicks(1), given);

        await EndAsync(responder, running);
    }

    [Fact]
    public async Task A_handler_is_cancelled_when_its_requester_disconnects()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task<Message> asking = requester.RequestAsync("x"u8).AsTask();
        using Request request = await responder.ReceiveAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = request.CancellationToken.Register(() => cancelled.TrySetResult());

        requester.Dispose();

        await FailsAsync(ErrorCode.PeerGone, () => asking);
        await cancelled.Task;

        // True where the reply was sent, though no requester waits for it.
        Assert.Equal(!Transport.HasPeers, request.Reply("nobody"u8));
    }

    [Fact]
    public async Task An_unread_request_whose_caller_gave_up_is_never_received()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        using CancellationTokenSource cancel = new();

        Task<Message> asking = requester.RequestAsync("never"u8, cancel.Token).AsTask();
        await Until(() => responder.Statistics.QueueDepth == 1, "it lies at the responder");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Until(() => responder.Statistics.QueueDepth == 0, "it was taken back");

        asking = requester.RequestAsync("seen"u8).AsTask();
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.Equal("seen", request.Text);
            request.Reply([]);
        }

        (await asking).Dispose();
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_responder_that_ends_fails_its_pending_requests(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "another responder may come");

        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task<Message> inHand = RequestAsync(requester, calls, "in hand"u8.ToArray());
        using Request request = await responder.ReceiveAsync();
        Task<Message> unread = RequestAsync(requester, calls, "unread"u8.ToArray());
        await Until(() => responder.Statistics.QueueDepth == 1, "one lies at the responder");

        responder.Dispose();

        await FailsAsync(ErrorCode.PeerGone, () => inHand);
        await FailsAsync(ErrorCode.PeerGone, () => unread);
        await FailsAsync(ErrorCode.PeerGone, () => RequestAsync(requester, calls, "later"u8.ToArray()));
    }

    [Fact]
    public async Task A_closing_responder_answers_its_current_request()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task running = responder.RunAsync(
            async (_, _) =>
            {
                begun.TrySetResult();
                await goOn.Task;
                return "done"u8.ToArray();
            },
            concurrency: 1);
        Task<Message> inHand = requester.RequestAsync("in hand"u8).AsTask();
        await begun.Task;
        Task<Message> unread = requester.RequestAsync("unread"u8).AsTask();
        await Until(() => responder.Statistics.QueueDepth == 1, "one lies at the responder");

        ValueTask<CloseReport> closing = responder.CloseAsync(60.Seconds());
        if (Transport.HasPeers)
        {
            await FailsAsync(ErrorCode.PeerGone, () => unread);
        }

        Assert.False(inHand.IsCompleted);
        goOn.SetResult();

        using Message reply = await inHand;
        Assert.Equal("done", reply.Text);
        await closing;
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => running);
    }

    [Fact]
    public async Task Requests_cancelled_at_any_moment_confuse_no_other()
    {
        const int Each = 1_000;
        (Requester requester, Responder responder) = await OpenRequestAsync();
        Random random = NewRandom();
        Task running = RunEcho(responder);
        Task[] callers =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(from => (from, random.Next()))
                .Select(
                    ((int From, int Seed) caller) =>
                        Task.Run(async () =>
                        {
                            Random own = new(caller.Seed);
                            for (int i = 0; i < Each; i++)
                            {
                                using CancellationTokenSource cancel = new();
                                byte[] content = Payload.Make(i, 20, caller.From);
                                Task<Message> asking = caller.From == 0
                                    ? requester.RequestAsync(content, TimeSpan.FromMicroseconds(own.Next(300))).AsTask()
                                    : requester.RequestAsync(content, cancel.Token).AsTask();
                                if (caller.From < 3)
                                {
                                    for (int spin = own.Next(100); spin > 0; spin--)
                                    {
                                        Thread.SpinWait(20);
                                    }

                    await cancel.CancelAsync();
                }

                try
                {
                    using Message reply = await asking;
                    Assert.Equal((i, caller.From), Payload.Check(reply.Span));
                }
                catch (OperationCanceledException) when (caller.From is 1 or 2)
                {
                }
                catch (FairleadException timeout) when (caller.From == 0 && timeout.Code == ErrorCode.Timeout)
                {
                }
            }
        }))];
        await Task.WhenAll(callers);

        requester.Dispose();
        await EndAsync(responder, running);
    }

    private static async Task EndAsync(Responder responder, Task running)
    {
        responder.Dispose();
        try
        {
            // A connected responder may have seen its requester close before; that ends the run in order.
            await running;
        }
        catch (Exception end) when (end is ObjectDisposedException or FairleadException { Code: ErrorCode.PeerGone })
        {
        }
    }
}
