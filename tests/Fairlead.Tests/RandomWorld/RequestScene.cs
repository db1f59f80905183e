using System.Collections.Concurrent;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Types 3 and 4, with either side bound: each reply belongs to its request, and a request is carried out as often as its outcome reports.
/// </summary>
internal sealed class RequestScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    private readonly ConcurrentDictionary<(int From, int Number), (int Fresh, int Again)> _done = new();
    private readonly ConcurrentQueue<((int From, int Number) Key, bool Idempotent, DeliveryStatus? Failed)> _asked = new();
    private bool _restarts;

    protected override async Task ActAsync()
    {
        using CancellationTokenSource over = new();
        if (Chance(Random, 0.5))
        {
            TaskCompletionSource bound = new();
            Task responding = RespondBoundAsync(new Random(Random.Next()), bound, over.Token);
            await Task.WhenAny(bound.Task, responding);
            await Task.WhenAll([.. Several(1, 4, AskConnectedAsync), .. Several(0, 1, own => ActorsAsync(own, "requester"))]);
            await over.CancelAsync();
            await responding;
        }
        else
        {
            Requester requester = Bind(address => Requester.Bind(address, Patient));
            Task[] responders =
            [
                .. Several(1, 4, own => RespondConnectedAsync(own, over.Token)),
                .. Several(0, 1, own => ActorsAsync(own, "responder")),
            ];
            await Task.WhenAll([
                .. Several(1, 4, own => AskAsync(requester, own, Curtain)),
                .. Several(0, 2, own => SurveyAsync(requester, own)),
            ]);
            await EndAsync(requester, Random);
            await over.CancelAsync();
            await Task.WhenAll(responders);
        }

        foreach (((int From, int Number) key, bool idempotent, DeliveryStatus? failed) in _asked)
        {
            (int fresh, int again) = _done.GetValueOrDefault(key);
            Assert.True(fresh <= 1, $"{key} was carried out {fresh} times without being marked");
            Assert.True(again == 0 || idempotent, $"{key} was carried out again, which it did not allow");
            Assert.True(
                failed != DeliveryStatus.NotDelivered || fresh + again == 0, $"{key} was carried out, and its requester told otherwise");
        }
    }

    private async Task RespondBoundAsync(Random own, TaskCompletionSource bound, CancellationToken over)
    {
        _restarts = Chance(own, 0.5);
        while (!over.IsCancellationRequested)
        {
            Responder responder = Bind(address =>
                Responder.Bind(address, new() { HandshakeTimeout = Unhurried, MaxUnreadMessages = own.Next(1, 50) }));
            bound.TrySetResult();
            Task loop = RespondAsync(responder, new Random(own.Next()));
            await UntilAsync(_restarts ? own.Next(10, 300) : Timeout.Infinite, over);
            await EndAsync(responder, own);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => loop);
        }
    }

    private async Task RespondConnectedAsync(Random own, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                Responder responder = Enter(await Responder.ConnectAsync(Meeting(own, mayReconnect: true), Patient, over));
                Task loop = RespondAsync(responder, new Random(own.Next()));
                await UntilAsync(own.Next(10, 300), over);
                await EndAsync(responder, own);
                await loop;
            }
            catch (Exception exception) when (IsExcused(exception, Cause.PeerLeaves | Cause.OwnEnd | Cause.Token))
            {
                // It has left, or its requester.
            }
        }
    }

    private Task RespondAsync(Responder responder, Random own) => own.Next(2) == 0
        ? responder.RunAsync(
            async (request, context) =>
            {
                Note(request);
                if (request.Length % 10 == 0)
                {
                    await Task.Yield();
                }

                return request.Length % 17 == 0 ? throw new InvalidOperationException("seventeen") : request.Memory;
            },
            concurrency: own.Next(1, 20))
        : Task.Factory.StartNew(
            () =>
            {
                while (true)
                {
                    using Request request = responder.Receive();
                    Note(request);
                    if (!Chance(own, 0.05))
                    {
                        request.Reply(request.Span);
                    }
                }
            },
            TaskCreationOptions.LongRunning);

    private void Note(Request request)
    {
        (int number, int from) = Read(request.Span);
        (int, int) one = request.Redelivered ? (0, 1) : (1, 0);
        _done.AddOrUpdate((from, number), one, (_, done) => (done.Fresh + one.Item1, done.Again + one.Item2));
    }

    private async Task AskConnectedAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            try
            {
                Requester requester = Enter(await Requester.ConnectAsync(Meeting(own, mayReconnect: true), Patient));
                using CancellationTokenSource until = CancellationTokenSource.CreateLinkedTokenSource(Curtain);
                until.CancelAfter(own.Next(300));
                await AskAsync(requester, own, until.Token);
                await EndAsync(requester, own);
            }
            catch (Exception exception) when (IsExcused(exception, If(_restarts, Cause.PeerLeaves)))
            {
                // No responder there.
            }
        }
    }

    private async Task AskAsync(Requester requester, Random own, CancellationToken until)
    {
        int from = NewFrom();
        List<Task> under = [];
        for (int i = 0; !until.IsCancellationRequested; i++)
        {
            under.Add(AskOneAsync(requester, (from, i), new Random(own.Next())));
            if (under.Count >= own.Next(1, 30))
            {
                await Task.WhenAll(under);
                under.Clear();
            }
        }

        await Task.WhenAll(under);
    }

    private async Task AskOneAsync(Requester requester, (int From, int Number) key, Random own)
    {
        byte[] content = Payload.Make(key.Number, SizeOf(own), key.From);
        RequestOptions options = new()
        {
            Idempotent = Chance(own, 0.5),
            Timeout = Chance(own, 0.3) ? own.Next(50).Milliseconds() : 5.Seconds(),
        };
        DeliveryStatus? failed = null;
        try
        {
            using CancellationTokenSource impatient = new(Chance(own, 0.1) ? own.Next(20) : Timeout.Infinite);
            using Message reply = own.Next(3) switch
            {
                0 => await Task.Factory.StartNew(
                    () => requester.Request(content, options, impatient.Token), TaskCreationOptions.LongRunning),
                1 => await requester.RequestAsync(content.AsMemory(), options, impatient.Token),
                _ => await requester.RequestAsync(content.AsSpan(), options, impatient.Token),
            };
            Assert.Equal((key.Number, key.From), Read(reply.Span));
        }
        catch (Exception exception)
            when (IsExcused(exception, Cause.PeerLeaves | Cause.TimeLimit | Cause.Token | Cause.HandlerThrows))
        {
            failed = (exception as FairleadException)?.Delivery;
        }

        _asked.Enqueue((key, options.Idempotent, failed));
    }

    private async Task SurveyAsync(Requester requester, Random own)
    {
        int from = NewFrom();
        for (int i = 0; !Curtain.IsCancellationRequested; i++)
        {
            byte[] content = Payload.Make(i, SizeOf(own), from);
            SurveyOptions options = new() { IncludesNewcomers = Chance(own, 0.3) };
            await foreach (SurveyReply reply in requester.SurveyAsync(content, own.Next(100).Milliseconds(), options))
            {
                if (reply.IsReply)
                {
                    Assert.Equal((i, from), Read(reply.Message.Span));
                }
                else
                {
                    const Cause Causes = Cause.PeerLeaves | Cause.TimeLimit | Cause.HandlerThrows;
                    Assert.True(IsExcused(reply.Problem!, Causes), reply.Problem!.ToString());
                }

                if (Chance(own, 0.1))
                {
                    break;
                }
            }

            await PauseAsync(own, 20);
        }
    }
}
