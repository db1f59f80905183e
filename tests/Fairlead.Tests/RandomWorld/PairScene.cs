using System.Collections.Concurrent;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Two ends that communicate, each in its own order: one binds, the others connect in turn, and are refused while another is there. Nothing
/// is duplicated or reordered in either direction, receipts report what the other end did, and close reports are true.
/// </summary>
internal sealed class PairScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    private readonly ConcurrentDictionary<int, ConcurrentDictionary<int, bool>> _seen = new();
    private readonly ConcurrentDictionary<(int From, int Number), bool> _accepted = new();
    private readonly ConcurrentQueue<((int From, int Number) Key, Delivery Delivery)> _deliveries = new();
    private readonly ConcurrentQueue<Talk> _talks = new();
    private bool _restarts;

    protected override async Task ActAsync()
    {
        using CancellationTokenSource over = new();
        TaskCompletionSource bound = new();
        Task hosting = HostAsync(new Random(Random.Next()), bound, over.Token);
        await Task.WhenAny(bound.Task, hosting);
        await Task.WhenAll([.. Several(1, 3, VisitAsync), .. Several(0, 1, own => ActorsAsync(own, "pair"))]);
        await over.CancelAsync();
        await hosting;
        foreach (((int From, int Number) key, Delivery delivery) in _deliveries)
        {
            bool isAccepted = _accepted.ContainsKey(key);
            Assert.True(!delivery.IsDelivered || isAccepted, $"{key} was never accepted: {delivery}");
            Assert.True(delivery.Status != DeliveryStatus.NotDelivered || !isAccepted, $"{key} was accepted: {delivery}");
        }

        foreach (Talk talk in _talks)
        {
            ICollection<int> seen = _seen.GetValueOrDefault(talk.From)?.Keys ?? [];
            Assert.Empty(seen.Intersect(talk.NotSent));
            if (talk.Report is not { } report)
            {
                continue;
            }

            Assert.Equal(report.Sent, report.Acknowledged + report.NotDelivered + report.InDoubt);
            if (report.IsComplete)
            {
                Assert.Empty(talk.Sent.Except(seen));
            }
        }
    }

    /// <summary>Plays the bound end: it stays, or comes and goes, and sends to the current peer.</summary>
    private async Task HostAsync(Random own, TaskCompletionSource bound, CancellationToken over)
    {
        _restarts = Chance(own, 0.5);
        while (!over.IsCancellationRequested)
        {
            Pair pair = Bind(address =>
                Pair.Bind(
                    address,
                    new()
                    {
                        HandshakeTimeout = Unhurried,
                        MaxUnreadMessages = own.Next(1, 100),
                        MaxUnreadBytes = own.Next(4096, 200_000),
                    }));
            bound.TrySetResult();
            Task listening = ListenAsync(pair, new Random(own.Next()));
            using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(over);
            Task speaking = SpeakAsync(pair, new Talk { From = NewFrom() }, new Random(own.Next()), int.MaxValue, enough.Token);
            await UntilAsync(_restarts ? own.Next(10, 300) : Timeout.Infinite, over);
            await enough.CancelAsync();
            await EndAsync(pair, own);
            await speaking;
            await Assert.ThrowsAsync<ObjectDisposedException>(() => listening);
        }
    }

    private async Task VisitAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            try
            {
                Pair pair = Enter(await Pair.ConnectAsync(Meeting(own, mayReconnect: true), Patient));
                Task listening = ListenAsync(pair, new Random(own.Next()));
                Talk talk = new() { From = NewFrom() };
                await SpeakAsync(pair, talk, own, own.Next(200), Curtain);
                talk.Report = await EndAsync(pair, own);
                _talks.Enqueue(talk);
                try
                {
                    await listening;
                }
                catch (Exception exception) when (IsExcused(exception, Cause.PeerLeaves | Cause.OwnEnd))
                {
                    // One of the two has ended.
                }
            }
            catch (Exception exception) when (IsExcused(exception, Cause.PeerIsTaken | If(_restarts, Cause.PeerLeaves)))
            {
                // Another peer is there, or none.
            }
        }
    }

    private async Task SpeakAsync(Pair pair, Talk talk, Random own, int most, CancellationToken until)
    {
        try
        {
            for (int number = 0; number < most && !until.IsCancellationRequested; number++)
            {
                await SayAsync(pair, talk, number, own, until);
            }
        }
        catch (Exception exception)
            when (IsExcused(exception, Cause.PeerLeaves | Cause.TimeLimit | Cause.Token | Cause.OwnEnd))
        {
            // That message may have been sent or not; the next one belongs to another session.
        }
    }

    private async Task SayAsync(Pair pair, Talk talk, int number, Random own, CancellationToken until)
    {
        byte[] content = Payload.Make(number, SizeOf(own), talk.From);
        switch (own.Next(5))
        {
            case 0:
                if (pair.TrySend(content) != SendResult.Sent)
                {
                    talk.NotSent.Add(number);
                    await PauseAsync(own, 5);
                    return;
                }

                break;
            case 1:
                await Task.Run(() => pair.Send(content, 500.Milliseconds(), until), CancellationToken.None);
                break;
            case 2:
                Delivery delivery = Chance(own, 0.5)
                    ? await pair.DeliverAsync(content.AsMemory(), own.Next(5, 100).Milliseconds(), CancellationToken.None)
                    : await Task.Run(
                        () => pair.Deliver(content, own.Next(5, 100).Milliseconds(), CancellationToken.None), CancellationToken.None);
                _deliveries.Enqueue(((talk.From, number), delivery));
                return;
            default:
                await pair.SendAsync(content.AsSpan(), until);
                break;
        }

        talk.Sent.Add(number);
    }

    /// <summary>A connected end's loop ends with its peer, a bound end's when it is closed.</summary>
    private async Task ListenAsync(Pair pair, Random own)
    {
        await Task.Yield();
        Dictionary<int, int> last = [];
        while (true)
        {
            using Message message = await pair.ReceiveAsync();
            (int number, int from) = Read(message.Span);

            // The previous peer may still be reading its messages.
            Assert.True(
                number > last.GetValueOrDefault(from, -1), $"Of {from} message {number} came after {last.GetValueOrDefault(from, -1)}.");
            last[from] = number;
            Assert.True(_seen.GetOrAdd(from, static _ => new()).TryAdd(number, true), $"Of {from} message {number} came twice.");

            if (message.WantsReceipt && Chance(own, 0.7))
            {
                _accepted[(from, number)] = true;
                message.Accept();
            }

            if (Chance(own, 0.02))
            {
                await PauseAsync(own, 20);
            }
        }
    }

    /// <summary>The messages of one end in its life.</summary>
    private sealed class Talk
    {
        public required int From { get; init; }

        public List<int> Sent { get; } = [];

        public List<int> NotSent { get; } = [];

        public CloseReport? Report { get; set; }
    }
}
