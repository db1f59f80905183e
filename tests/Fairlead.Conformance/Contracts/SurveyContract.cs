using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>A bound requester has many responders: each request goes to one, and a survey to all.</summary>
public abstract class SurveyContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_survey_reaches_all_responders_and_returns_all_replies(Calls calls)
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        for (int i = 0; i < 5; i++)
        {
            await AnsweringAsync(requester, $"number {i}");
        }

        await Until(() => requester.Peers.Count == 5, "all are there");
        for (int round = 0; round < 3; round++)
        {
            List<string> texts = [.. (await SurveyAsync(requester, calls, "who?"u8.ToArray(), Long)).Select(static reply => reply.Text!)];
            Assert.Equal(["number 0: who?", "number 1: who?", "number 2: who?", "number 3: who?", "number 4: who?"], texts.Order());
        }
    }

    [Fact]
    public async Task A_survey_without_a_responder_is_empty()
    {
        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        Assert.Empty(requester.Survey("who?"u8, Long));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_silent_responder_is_reported_at_the_deadline_and_its_late_reply_is_dropped(Calls calls)
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        await AnsweringAsync(requester, "quick");
        Responder slow = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        await Until(() => requester.Peers.Count == 2, "both are there");

        foreach (TimeSpan timeout in LongerAndLonger())
        {
            Task<List<(string? Text, ErrorCode? Problem)>> asking = SurveyAsync(requester, calls, "who?"u8.ToArray(), timeout);
            bool isHeld = slow.TryReceive(timeout, out Request held);
            List<(string? Text, ErrorCode? Problem)> answers = await asking;
            if (!isHeld || answers[0].Text is null)
            {
                // The time was too short for the machine in this run.
                if (isHeld)
                {
                    held.Dispose();
                }

                continue;
            }

            Assert.InRange(held.Timeout!.Value, TimeSpan.Zero, timeout);
            Assert.Equal([("quick: who?", null), (null, ErrorCode.Timeout)], answers);
            await Until(() => held.CancellationToken.IsCancellationRequested, "the slow responder knows that no requester waits");
            held.Reply("late"u8);
            held.Dispose();
            break;
        }

        Task<List<(string? Text, ErrorCode? Problem)>> again = SurveyAsync(requester, calls, "who?"u8.ToArray(), Long);
        using (Request request = await slow.ReceiveAsync())
        {
            request.Reply("in time"u8);
        }

        Assert.Equal(["in time", "quick: who?"], (await again).Select(static reply => reply.Text).Order());
    }

    [Fact]
    public async Task A_responder_that_disconnects_or_fails_is_reported_immediately()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        Responder closing = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        Responder failing = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        await Until(() => requester.Peers.Count == 2, "both are there");
        Task<List<(string? Text, ErrorCode? Problem)>> asking = SurveyAsync(requester, Calls.Async, "who?"u8.ToArray(), Long);
        using (Request request = await failing.ReceiveAsync())
        {
            request.Fail(ErrorCode.Unavailable, "not today");
        }

        using (await closing.ReceiveAsync())
        {
            closing.Dispose();
        }

        Assert.Equal([ErrorCode.PeerGone, ErrorCode.Unavailable], (await asking).Select(static reply => reply.Problem!.Value).Order());
    }

    [Fact]
    public async Task A_survey_that_includes_newcomers_reaches_them_until_the_deadline()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        await AnsweringAsync(requester, "first");
        await Until(() => requester.Peers.Count == 1, "the first is there");
        List<string> texts = [];
        await foreach (SurveyReply reply in requester.SurveyAsync("who?"u8, Long, new() { IncludesNewcomers = true }))
        {
            texts.Add(reply.Message.Text);
            if (texts.Count == 3)
            {
                break;
            }

            await AnsweringAsync(requester, $"later {texts.Count}");
        }

        Assert.Equal(["first: who?", "later 1: who?", "later 2: who?"], texts);
    }

    [Fact]
    public async Task A_cancelled_survey_ends_and_cancels_its_requests()
    {
        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        Responder responder = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        await Until(() => requester.Peers.Count == 1, "it is there");
        using CancellationTokenSource cancel = new();
        Task<List<(string? Text, ErrorCode? Problem)>> asking = SurveyAsync(requester, Calls.Async, "who?"u8.ToArray(), Long, cancel.Token);
        using Request request = await responder.ReceiveAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Until(() => request.CancellationToken.IsCancellationRequested, "the responder has heard of it");
    }

    [Fact]
    public async Task A_survey_of_a_connected_requester_reaches_its_only_responder()
    {
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        Task running = responder.RunAsync((request, _) => request.Memory);
        Requester requester = Track(await Requester.ConnectAsync(OtherEnd(responder.Address)));
        Assert.Equal(["who?"], (await SurveyAsync(requester, Calls.Async, "who?"u8.ToArray(), Long)).Select(static reply => reply.Text));
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Until(() => requester.Peers.Count == 0, "it has noticed");
        Assert.Equal(
            [ErrorCode.PeerGone],
            (await SurveyAsync(requester, Calls.Blocking, "who?"u8.ToArray(), Long)).Select(static reply => reply.Problem!.Value));
    }

    [Fact]
    public async Task Requests_are_distributed_among_responders_with_capacity()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        Responder full = Track(await Responder.ConnectAsync(OtherEnd(requester.Address), new() { MaxUnreadMessages = 2 }));
        Responder free = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        await Until(() => requester.Peers.Count == 2, "both are there");
        Task<Message>[] asking = [.. Enumerable.Range(0, 10).Select(i => requester.RequestAsync(Encoding.UTF8.GetBytes($"{i}")).AsTask())];
        for (int i = 0; i < 8; i++)
        {
            using Request request = await free.ReceiveAsync();
            request.Reply("free"u8);
        }

        for (int i = 0; i < 2; i++)
        {
            using Request request = await full.ReceiveAsync();
            request.Reply("full"u8);
        }

        string[] replies = [.. (await Task.WhenAll(asking)).Select(static reply => reply.Text)];
        Assert.Equal((8, 2), (replies.Count(static text => text == "free"), replies.Count(static text => text == "full")));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Unsent_and_repeatable_requests_are_sent_to_another_responder(Calls calls)
    {
        SkipUnless(Transport.IsVisitedAgain, "no second peer comes");

        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        Responder first = Track(await Responder.ConnectAsync(OtherEnd(requester.Address), new() { MaxUnreadMessages = 2 }));
        await Until(() => requester.Peers.Count == 1, "the first is there");
        Task<Message> once = AskAsync(requester, calls, "once", false);
        Request inHand = await first.ReceiveAsync();
        Task<Message> repeatable = AskAsync(requester, calls, "repeatable", true);
        Request also = await first.ReceiveAsync();
        Assert.Equal((true, false), (also.Idempotent, also.Redelivered));
        Task<Message>[] unsent = [.. Enumerable.Range(0, 5).Select(i => AskAsync(requester, calls, $"unsent {i}", false))];
        await Until(() => requester.Statistics.MessagesSent == 4, "two lie there, the others wait");

        first.Dispose();
        inHand.Dispose();
        also.Dispose();
        FairleadException lost = await FailsAsync(ErrorCode.PeerGone, () => once);
        Assert.Equal(DeliveryStatus.Unknown, lost.Delivery);

        Responder second = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        Dictionary<string, bool> seen = [];
        for (int i = 0; i < 6; i++)
        {
            using Request request = await second.ReceiveAsync();
            seen.Add(request.Text, request.Redelivered);
            request.Reply(request.Span);
        }

        Assert.Equal("repeatable", (await repeatable).Text);
        Assert.Equal(
            Enumerable.Range(0, 5).Select(static i => $"unsent {i}"), (await Task.WhenAll(unsent)).Select(static reply => reply.Text));
        Assert.True(seen["repeatable"]);
        Assert.DoesNotContain(seen, static pair => pair.Key.StartsWith("unsent", StringComparison.Ordinal) && pair.Value);
    }

    [Fact]
    public async Task Responders_that_connect_and_disconnect_answer_every_repeatable_request()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        Random random = NewRandom();
        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        using CancellationTokenSource stop = new();
        List<Task> comers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using Responder responder = await Responder.ConnectAsync(OtherEnd(requester.Address), new() { MaxUnreadMessages = 3 });
                int turns;
                lock (random)
                {
                    turns = random.Next(1, 20);
                }

                for (; turns > 0; turns--)
                {
                    if (!responder.TryReceive(20.Milliseconds(), out Request request))
                    {
                        break;
                    }

                    request.Reply(request.Span);
                    request.Dispose();
                }
            }
        }))];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(from => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                using Message reply = await AskAsync(requester, from % 2 == 0 ? Calls.Async : Calls.Blocking, $"{from} {i}", true);
                Assert.Equal($"{from} {i}", reply.Text);
            }
        })));
        await stop.CancelAsync();
        await Task.WhenAll(comers);
    }

    private static async Task<List<(string? Text, ErrorCode? Problem)>> SurveyAsync(
        Requester requester, Calls calls, byte[] question, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (calls == Calls.Blocking)
        {
            return await OnThread(() => requester.Survey(question, timeout, cancellationToken: cancellationToken).Select(Read).ToList());
        }

        List<(string?, ErrorCode?)> replies = [];
        await foreach (SurveyReply reply in requester.SurveyAsync(question, timeout, cancellationToken: cancellationToken))
        {
            replies.Add(Read(reply));
        }

        return replies;

        static (string?, ErrorCode?) Read(SurveyReply reply)
        {
            (string?, ErrorCode?) read = (reply.IsReply ? reply.Message.Text : null, reply.Problem?.Code);
            reply.Dispose();
            return read;
        }
    }

    private static Task<Message> AskAsync(Requester requester, Calls calls, string text, bool idempotent)
    {
        RequestOptions options = new() { Idempotent = idempotent };
        return calls == Calls.Blocking
            ? OnThread(() => requester.Request(Encoding.UTF8.GetBytes(text), options))
            : requester.RequestAsync(Encoding.UTF8.GetBytes(text).AsSpan(), options).AsTask();
    }

    private async Task AnsweringAsync(Requester requester, string name)
    {
        Responder responder = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        _ = responder.RunAsync((request, _) => Encoding.UTF8.GetBytes($"{name}: {request.Text}"));
    }
}
