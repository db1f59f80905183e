using Fairlead.Conformance;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Short messages to one peer take a separate path, from ring to ring. Only its speed may show.</summary>
public sealed class ShortWayTests : IDisposable
{
    private readonly Pair _near = Pair.Bind($"shm://short-{Guid.NewGuid():N}?messages=500&capacity=256KiB");
    private readonly Pair _far;

    public ShortWayTests() => _far = Pair.Connect(_near.Address);

    public void Dispose()
    {
        _far.Dispose();
        _near.Dispose();
    }

    [Fact]
    public void Messages_arrive_in_order_however_each_is_sent_and_received() => RandomSeed.Rounds(3, random =>
    {
        const int Count = 5_000;
        Random sender = new(random.Next());
        InParallel.Run(2, i =>
        {
            if (i == 0)
            {
                SendAllAsync(Count, sender).GetAwaiter().GetResult();
            }
            else
            {
                ReceiveAllAsync(Count, random).GetAwaiter().GetResult();
            }
        });
    });

    [Fact]
    public void The_handle_of_a_disposed_message_does_not_refer_to_the_next_message()
    {
        const int Count = 400;
        for (int i = 0; i < Count; i++)
        {
            _far.Send(Payload.Make(i, 20));
        }

        Message last = default;
        for (int i = 0; i < Count; i++)
        {
            Message message = _near.Receive();

            // A handle of an earlier message, released long ago.
            last.Dispose();
            Assert.Equal(i, Payload.Check(message.Span).Number);
            if (i > 0)
            {
                Assert.NotEqual(last, message);
                Assert.Throws<ObjectDisposedException>(() => last.Length);
            }

            message.Dispose();
            message.Dispose();
            Assert.Throws<ObjectDisposedException>(() => message.Length);
            last = message;
        }
    }

    [Fact]
    public void Messages_that_are_not_disposed_keep_their_content()
    {
        const int Count = 300;
        for (int i = 0; i < Count; i++)
        {
            _far.Send(Payload.Make(i, i));
        }

        Message[] kept = new Message[Count];
        for (int i = 0; i < Count; i++)
        {
            kept[i] = _near.Receive();
            if (i % 3 == 0)
            {
                kept[i].Dispose();
            }
        }

        for (int i = 0; i < Count; i++)
        {
            if (i % 3 != 0)
            {
                Assert.Equal(i, Payload.Check(kept[i].Span).Number);
                kept[i].Dispose();
            }
        }
    }

    [Fact]
    public async Task An_idle_requester_notices_the_end_of_its_responder()
    {
        for (int i = 0; i < 20; i++)
        {
            using Responder responder = Responder.Bind($"shm://answer-{Guid.NewGuid():N}");
            Task running = responder.RunAsync(static (request, _) => request.Memory);
            using Requester requester = await Requester.ConnectAsync(responder.Address);
            for (int j = 0; j < 3; j++)
            {
                using Message reply = await requester.RequestAsync("who?"u8.ToArray());
            }

            responder.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
            await Polling.Until(() => requester.Peers.Count == 0).WaitAsync(60.Seconds());
        }
    }

    [Fact]
    public async Task An_awaiting_caller_polls_for_its_reply_unless_the_strategy_is_efficient()
    {
        using Responder responder = Responder.Bind($"shm://answer-{Guid.NewGuid():N}");
        using Requester looks = await Requester.ConnectAsync(responder.Address);
        await Polling.Until(looks.Core.Pump.CallerWaits.TryLeadBriefly).WaitAsync(60.Seconds());
        looks.Core.Pump.CallerWaits.LeadBriefly(ReceiveOperation.Rent(looks.Core.Receivers, looks.Core.Pump, isBlocking: true));

        using Requester leaves = await Requester.ConnectAsync(responder.Address.With("waiting", "efficient"));
        Assert.False(leaves.Core.Pump.CallerWaits.TryLeadBriefly());
    }

    [Fact]
    public void Messages_received_without_a_send_in_between_are_a_stream()
    {
        // Messages that the reactor takes while no call receives are not counted.
        for (int i = 0; i < 10_000 && _near.Core.LinkSnapshot is not [{ Reader.IsStreaming: true }]; i++)
        {
            _far.Send([1]);
            _near.Receive().Dispose();
        }

        Assert.True(_near.Core.LinkSnapshot.Single().Reader.IsStreaming);
        _near.Send([2]);
        Assert.False(_near.Core.LinkSnapshot.Single().Reader.IsStreaming);
    }

    [Fact]
    public async Task Answered_requests_are_not_a_stream_so_no_reply_is_delayed()
    {
        using Responder responder = Responder.Bind($"shm://answer-{Guid.NewGuid():N}");
        using Requester requester = await Requester.ConnectAsync(responder.Address);
        for (int i = 0; i < 200; i++)
        {
            // Requested before it is received: the reply is then taken directly from the ring.
            ValueTask<Message> reply = requester.RequestAsync("who?"u8);
            bool fails = i % 20 == 19;
            using (Request request = responder.Receive())
            {
                Assert.True(fails ? request.Fail(ErrorCode.Failed, "not me") : request.Reply("me"u8));
            }

            Assert.False(responder.Core.LinkSnapshot.Single().Reader.IsStreaming);
            if (fails)
            {
                await Assert.ThrowsAsync<FairleadException>(async () => await reply);
            }
            else
            {
                (await reply).Dispose();
            }
        }
    }

    [Fact]
    public async Task Concurrent_callers_of_one_requester_get_their_own_replies()
    {
        const int Count = 2_000;
        using Responder responder = Responder.Bind($"shm://answer-{Guid.NewGuid():N}");
        Task running = responder.RunAsync(static (request, _) => request.Memory);
        using Requester requester = await Requester.ConnectAsync(responder.Address);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(asker => Task.Run(async () =>
        {
            for (int i = 0; i < Count; i++)
            {
                using Message reply = await requester.RequestAsync(Payload.Make(i, 20 + asker).AsMemory());
                Assert.Equal(i, Payload.Check(reply.Span).Number);
                Assert.Equal(20 + asker, reply.Length);
            }
        }))).WaitAsync(60.Seconds());
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    private async Task SendAllAsync(int count, Random random)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] message = Payload.Make(i, random.Next(20) == 0 ? random.Next(100_000) : random.Next(200));
            switch (random.Next(8))
            {
                case 0:
                    await _far.SendAsync(message.AsMemory());
                    break;
                case 1:
                    await _far.SendAsync(message.AsSpan());
                    break;
                case 2:
                    Assert.True(_far.Deliver(message).IsDelivered);
                    break;
                case 3 when _far.TrySend(message) == SendResult.Sent:
                    break;
                default:
                    _far.Send(message);
                    break;
            }
        }
    }

    private async Task ReceiveAllAsync(int count, Random random)
    {
        Queue<Message> kept = [];
        for (int i = 0; i < count; i++)
        {
            Message message = default;
            switch (random.Next(5))
            {
                case 0:
                    message = await _near.ReceiveAsync();
                    break;
                case 1 when _near.TryReceive(out message):
                    break;
                case 2:
                    Assert.True(_near.TryReceive(60.Seconds(), out message));
                    break;
                default:
                    message = _near.Receive();
                    break;
            }

            Assert.Equal(i, Payload.Check(message.Span).Number);
            if (message.WantsReceipt)
            {
                message.Accept();
                message.Dispose();
            }
            else if (message.Length < 2_000 && random.Next(4) == 0)
            {
                kept.Enqueue(message);
            }
            else
            {
                message.Dispose();
            }

            while (kept.Count > random.Next(8))
            {
                kept.Dequeue().Dispose();
            }
        }

        while (kept.TryDequeue(out Message message))
        {
            message.Dispose();
        }
    }
}
