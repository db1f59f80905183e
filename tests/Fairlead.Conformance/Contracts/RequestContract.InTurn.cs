using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <content>
/// One blocking request after the other, which may take a shorter path than many at once; and everything that may interrupt them.
/// </content>
public abstract partial class RequestContract
{
    [Theory]
    [InlineData(WaitStrategy.Balanced)]
    [InlineData(WaitStrategy.Latency)]
    [InlineData(WaitStrategy.Efficient)]
    public async Task Consecutive_requests_get_their_own_replies_even_if_another_thread_sends_requests_too(WaitStrategy waiting)
    {
        int count = TestSize.Of(1_500, full: 4_000);
        (Requester requester, Responder responder) = await OpenInTurnAsync(waiting);
        Task answering = AnswerInTurn(responder);
        using SemaphoreSlim invitation = new(0);
        Task other = OnThread(() =>
        {
            for (int i = 0; i < count / 100; i++)
            {
                invitation.Wait();
                using Message reply = requester.Request(Payload.Make(i, 40, 1), i % 2 == 0 ? null : 90.Seconds());
                Assert.Equal((i, 1), Payload.Check(reply.Span));
            }
        });

        await OnThread(() =>
        {
            for (int i = 0; i < count; i++)
            {
                if (i % 100 == 50)
                {
                    invitation.Release();
                }

                int size = i % 61 == 0 ? 70_000 : i % 17 == 0 ? 3_000 : 20;
                using Message reply = requester.Request(Payload.Make(i, size), i % 3 == 0 ? 90.Seconds() : null);
                Assert.Equal((i, 0), Payload.Check(reply.Span));
            }
        });
        await other;
        Assert.Equal(count + (count / 100), requester.Statistics.MessagesSent);

        requester.Dispose();
        await EndAsync(responder, answering);
    }

    [Fact]
    public async Task Consecutive_requests_given_up_at_any_moment_leave_no_reply_for_the_next_request()
    {
        const int Count = 1_500;
        (Requester requester, Responder responder) = await OpenInTurnAsync(WaitStrategy.Balanced);
        Task answering = AnswerInTurn(responder);
        Random random = NewRandom();
        await OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                using CancellationTokenSource cancel = new();
                Task cancelling = i % 3 == 1 ? Task.Run(cancel.Cancel) : Task.CompletedTask;
                try
                {
                    using Message reply = requester.Request(
                        Payload.Make(i, 20),
                        i % 3 == 0 ? TimeSpan.FromMicroseconds(random.Next(60)) : null,
                        i % 3 == 1 ? cancel.Token : default);
                    Assert.Equal((i, 0), Payload.Check(reply.Span));
                }
                catch (OperationCanceledException) when (i % 3 == 1)
                {
                }
                catch (FairleadException timeout) when (i % 3 == 0 && timeout.Code == ErrorCode.Timeout)
                {
                }

                cancelling.Wait();
            }
        });

        requester.Dispose();
        await EndAsync(responder, answering);
    }

    [Fact]
    public async Task A_cancellation_reaches_a_responder_after_many_consecutive_requests()
    {
        const int Before = 500;
        (Requester requester, Responder responder) = await OpenInTurnAsync(WaitStrategy.Latency);
        using CancellationTokenSource cancel = new();
        Task asking = OnThread(() =>
        {
            for (int i = 0; i < Before; i++)
            {
                requester.Request(Payload.Make(i, 20)).Dispose();
            }

            Assert.ThrowsAny<OperationCanceledException>(() => requester.Request("the last"u8, cancellationToken: cancel.Token));
        });

        await OnThread(() =>
        {
            for (int i = 0; i < Before; i++)
            {
                using Request request = responder.Receive();
                request.Reply(request.Span);
            }

            using Request last = responder.Receive();
            cancel.Cancel();

            // Only the threads that serve this endpoint in its user's absence read at it now.
            last.CancellationToken.WaitHandle.WaitOne();
        });
        await asking;
    }

    [Fact]
    public async Task A_responder_that_ends_during_consecutive_requests_leaves_no_caller_waiting()
    {
        SkipUnless(Transport.HasPeers, "another responder may come");

        for (int round = 0; round < TestSize.Of(8, full: 20); round++)
        {
            (Requester requester, Responder responder) = await OpenInTurnAsync(WaitStrategy.Latency);
            Task answering = AnswerInTurn(responder);
            TaskCompletionSource isBusy = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task asking = OnThread(() =>
            {
                for (int i = 0; ; i++)
                {
                    try
                    {
                        requester.Request(Payload.Make(i, 20)).Dispose();
                    }
                    catch (FairleadException lost) when (lost.Code == ErrorCode.PeerGone)
                    {
                        return;
                    }

                    if (i == 100)
                    {
                        isBusy.SetResult();
                    }
                }
            });

            await isBusy.Task;
            await EndAsync(responder, answering);
            await asking;
            requester.Dispose();
        }
    }

    private async Task<(Requester Requester, Responder Responder)> OpenInTurnAsync(WaitStrategy waiting)
    {
        EndpointOptions options = new() { WaitStrategy = waiting };
        Responder responder = Track(await Responder.BindAsync(NewPlace(), options));
        return (Track(await Requester.ConnectAsync(OtherEnd(responder.Address), options)), responder);
    }

    private static Task AnswerInTurn(Responder responder) => OnThread(() =>
    {
        while (true)
        {
            using Request request = responder.Receive();
            request.Reply(request.Span);
        }
    });
}
