using System.Text;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Types 3 and 4: each request finds its reply, or learns why there is none.</summary>
public abstract partial class RequestContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Async, true)]
    public async Task Replies_arrive_whole(Calls calls, bool requesterBinds)
    {
        (Requester requester, Responder responder) = await OpenRequestAsync(requesterBinds);
        Task running = RunEcho(responder);

        foreach (int size in new[] { 0, 1, 64, 5_000, 65_536, 1_000_000, 5_000_000 })
        {
            byte[] content = size < Payload.Least ? new byte[size] : Payload.Make(size, size);
            using Message reply = await RequestAsync(requester, calls, content);
            Assert.True(reply.Span.SequenceEqual(content), $"The reply to {size} bytes differs.");
        }

        requester.Dispose();
        await EndAsync(responder, running);
    }

    [Fact]
    public async Task A_responder_may_receive_requests_one_by_one()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();

        ValueTask<Message> asking = requester.RequestAsync("one"u8);
        using (Request request = responder.Receive())
        {
            Assert.Equal(("one", null), (request.Text, request.Timeout));
            Assert.True(request.Reply("1"u8));
            Assert.Throws<InvalidOperationException>(() => request.Reply("again"u8));
            Assert.Throws<InvalidOperationException>(() => request.Fail(ErrorCode.Failed, "again"));
        }

        using (Message reply = await asking)
        {
            Assert.Equal("1", reply.Text);
        }

        Task<Message> blocked = OnThread(() => requester.Request("two"u8, 60.Seconds()));
        using (Request request = await responder.ReceiveAsync())
        {
            Assert.InRange(request.Timeout!.Value, 1.Seconds(), 60.Seconds());
            request.Reply("2"u8);
        }

        using (Message reply = await blocked)
        {
            Assert.Equal("2", reply.Text);
        }

        Assert.False(responder.TryReceive(TimeSpan.Zero, out _));
    }

    [Fact]
    public async Task Replies_to_thousands_of_requests_in_any_order_reach_their_callers()
    {
        int count = Math.Min(5_000, Transport.MostHeld);
        Random random = NewRandom();
        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task<Message>[] asking = [.. Enumerable.Range(0, count).Select(i => requester.RequestAsync(Payload.Make(i, 16)).AsTask())];

        List<Request> held = [];
        for (int i = 0; i < count; i++)
        {
            held.Add(await responder.ReceiveAsync());
        }

        Assert.Equal(count, held.Count);
        foreach (Request request in held.OrderBy(_ => random.Next()))
        {
            (int number, _) = Payload.Check(request.Span);
            request.Reply(Encoding.UTF8.GetBytes($"reply to {number}"));
            request.Dispose();
        }

        for (int i = 0; i < count; i++)
        {
            using Message reply = await asking[i];
            Assert.Equal($"reply to {i}", reply.Text);
        }
    }

    [Fact]
    public async Task Blocking_and_awaiting_callers_of_one_requester_get_their_own_replies()
    {
        const int Each = 400;
        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task running = RunEcho(responder);

        Task[] callers = [.. Enumerable.Range(0, 6).Select(from => from % 2 == 0
            ? OnThread(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    using Message reply = requester.Request(Payload.Make(i, i % 97 == 0 ? 80_000 : 30, from), 90.Seconds());
                    Assert.Equal((i, from), Payload.Check(reply.Span));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; i < Each; i += 4)
                {
                    ValueTask<Message>[] four = [.. Enumerable.Range(i, 4).Select(n => requester.RequestAsync(Payload.Make(n, 30, from)))];
                    for (int n = 0; n < 4; n++)
                    {
                        using Message reply = await four[n];
                        Assert.Equal((i + n, from), Payload.Check(reply.Span));
                    }
                }
            }))];
        await Task.WhenAll(callers);

        requester.Dispose();
        await EndAsync(responder, running);
    }

    [Fact]
    public async Task Several_requesters_are_served_by_one_responder()
    {
        SkipUnless(Transport.ServesMany, "it has one peer");

        (Requester first, Responder responder) = await OpenRequestAsync();
        Requester second = Track(await Requester.ConnectAsync(OtherEnd(responder.Address)));
        Requester third = Track(await OnThread(() => Requester.Connect(OtherEnd(responder.Address))));
        Task running = RunEcho(responder);

        await Task.WhenAll(new[] { first, second, third }.Select((requester, from) => OnThread(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                using Message reply = requester.Request(Payload.Make(i, 20, from));
                Assert.Equal((i, from), Payload.Check(reply.Span));
            }
        })));

        await EndAsync(responder, running);
    }

    [Fact]
    public async Task A_handler_that_replies_or_disposes_the_request_itself_does_not_end_the_run()
    {
        (Requester requester, Responder responder) = await OpenRequestAsync();
        Task running = responder.RunAsync(
            (request, _) =>
            {
                switch (request.Text)
                {
                    case "answer":
                        request.Reply("by itself"u8);
                        break;
                    case "dispose":
                        request.Dispose();
                        break;
                    case "answer and throw":
                        request.Reply("and then"u8);
                        throw new InvalidOperationException("too late");
                }

                return "returned"u8.ToArray();
            },
            concurrency: 1);

        for (int i = 0; i < 3; i++)
        {
            using (Message reply = await requester.RequestAsync("answer"u8))
            {
                Assert.Equal("by itself", reply.Text);
            }

            using (Message reply = await requester.RequestAsync("answer and throw"u8))
            {
                Assert.Equal("and then", reply.Text);
            }

            await FailsAsync(ErrorCode.Failed, async () => await requester.RequestAsync("dispose"u8));
            using Message usual = await requester.RequestAsync("usual"u8);
            Assert.Equal("returned", usual.Text);
        }

        await EndAsync(responder, running);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Requests_wait_for_a_responder_to_connect(Calls calls)
    {
        Requester requester = Track(await Requester.BindAsync(NewPlace()));
        await FailsAsync(ErrorCode.Timeout, () => RequestAsync(requester, calls, "x"u8.ToArray(), 20.Milliseconds()));
        Task<Message>[] asking = [.. Enumerable.Range(0, 10).Select(i => RequestAsync(requester, calls, Payload.Make(i, 10)))];

        Responder responder = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        Task running = RunEcho(responder);
        for (int i = 0; i < asking.Length; i++)
        {
            using Message reply = await asking[i];
            Assert.Equal(i, Payload.Check(reply.Span).Number);
        }

        await EndAsync(responder, running);
        if (!Transport.IsVisitedAgain || !Transport.HasPeers)
        {
            // Where nothing tells that the first responder has left, it may still be given the next request.
            return;
        }

        // The next responder continues, if the place allows a second one.
        await Until(() => requester.Peers.Count == 0, "the responder has left");
        Responder next = Track(await Responder.ConnectAsync(OtherEnd(requester.Address)));
        running = RunEcho(next);
        (await RequestAsync(requester, calls, [1])).Dispose();
        await EndAsync(next, running);
    }

    private static Task RunEcho(Responder responder) => responder.RunAsync((request, _) => request.Memory);

    private static Task<Message> RequestAsync(
        Requester requester, Calls calls, byte[] content, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        calls == Calls.Blocking ? OnThread(() => requester.Request(content, timeout, cancellationToken))
        : content.Length % 2 == 0 ? requester.RequestAsync(content.AsSpan(), timeout, cancellationToken).AsTask()
        : requester.RequestAsync(content.AsMemory(), timeout, cancellationToken).AsTask();

    private async Task<(Requester Requester, Responder Responder)> OpenRequestAsync(bool requesterBinds = false, string options = "")
    {
        if (requesterBinds)
        {
            Requester bound = Track(await Requester.BindAsync(NewPlace(options)));
            return (bound, Track(await Responder.ConnectAsync(OtherEnd(bound.Address))));
        }

        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        return (Track(await Requester.ConnectAsync(With(OtherEnd(responder.Address), options))), responder);
    }
}
