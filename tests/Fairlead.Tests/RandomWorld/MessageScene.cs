using System.Collections.Concurrent;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// Type 1: senders to a receiver that may be replaced. Messages keep their order, none is duplicated, and the close reports are true.
/// </summary>
internal sealed class MessageScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    private readonly ConcurrentDictionary<int, List<int>> _seen = new();
    private readonly ConcurrentQueue<Session> _sessions = new();
    private bool _restarts;

    private Cause ReceiverLeaves => If(_restarts, Cause.PeerLeaves);

    protected override async Task ActAsync()
    {
        using CancellationTokenSource over = new();
        TaskCompletionSource bound = new();
        Task receiving = ReceiveAsync(new Random(Random.Next()), bound, over.Token);
        await Task.WhenAny(bound.Task, receiving);
        await Task.WhenAll([.. Several(1, 4, SendAsync), .. Several(0, 1, own => ActorsAsync(own, "sender"))]);
        await over.CancelAsync();
        await receiving;
        foreach (Session session in _sessions)
        {
            Check(session);
        }
    }

    private async Task ReceiveAsync(Random own, TaskCompletionSource bound, CancellationToken over)
    {
        _restarts = Chance(own, 0.5);
        while (!over.IsCancellationRequested)
        {
            Receiver receiver = Bind(address =>
                Receiver.Bind(
                    address,
                    new()
                    {
                        HandshakeTimeout = Unhurried,
                        MaxUnreadMessages = own.Next(1, 200),
                        MaxUnreadBytes = own.Next(4096, 200_000),
                    }));
            bound.TrySetResult();
            Task loop = TakeAsync(receiver, own.Next(3));
            await UntilAsync(_restarts ? own.Next(10, 300) : Timeout.Infinite, over);
            await EndAsync(receiver, own);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => loop);
        }
    }

    private Task TakeAsync(Receiver receiver, int way)
    {
        return way switch
        {
            0 => Task.Run(LoopAsync),
            1 => Task.Factory.StartNew(Loop, TaskCreationOptions.LongRunning),
            _ => receiver.RunAsync((message, _) =>
            {
                Note(message);
                return default;
            }),
        };

        async Task LoopAsync()
        {
            await foreach (Message message in receiver.ReceiveAllAsync())
            {
                Note(message);
            }
        }

        void Loop()
        {
            while (true)
            {
                using Message message = receiver.Receive();
                Note(message);
            }
        }
    }

    private async Task SendAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            Session session = new() { From = NewFrom() };
            Sender sender;
            try
            {
                sender = Enter(await Sender.ConnectAsync(Meeting(own, mayReconnect: true), Patient));
            }
            catch (Exception exception) when (IsExcused(exception, ReceiverLeaves))
            {
                continue;
            }

            try
            {
                for (int rest = own.Next(300); rest > 0 && !Curtain.IsCancellationRequested; rest--)
                {
                    await SendOneAsync(sender, session, own);
                }
            }
            catch (Exception exception) when (IsExcused(exception, ReceiverLeaves | Cause.TimeLimit | Cause.Token))
            {
                // That message may have been sent or not; the next one belongs to another session.
            }

            session.Report = await EndAsync(sender, own);
            _sessions.Enqueue(session);
        }
    }

    private static async Task SendOneAsync(Sender sender, Session session, Random own)
    {
        int number = session.Attempted++;
        byte[] content = Payload.Make(number, SizeOf(own), session.From);
        switch (own.Next(6))
        {
            case 0:
                (sender.TrySend(content) == SendResult.Sent ? session.Sent : session.NotSent).Add(number);
                return;
            case 1:
                await Task.Run(() => sender.Send(content, 2.Seconds()));
                break;
            case 2:
                using (CancellationTokenSource impatient = new(own.Next(20)))
                {
                    await sender.SendAsync(content.AsMemory(), impatient.Token);
                }

                break;
            case 3:
                using (Loan loan = sender.Loan(content.Length))
                {
                    content.CopyTo(loan.Span);
                    await loan.SendAsync();
                }

                break;
            default:
                await sender.SendAsync(content.AsSpan());
                break;
        }

        session.Sent.Add(number);
    }

    private void Note(Message message)
    {
        (int number, int from) = Read(message.Span);
        List<int> seen = _seen.GetOrAdd(from, static _ => []);
        lock (seen)
        {
            Assert.True(seen.Count == 0 || number > seen[^1], $"Of {from} message {number} came after {(seen.Count > 0 ? seen[^1] : -1)}.");
            seen.Add(number);
        }
    }

    private void Check(Session session)
    {
        List<int> seen = _seen.GetValueOrDefault(session.From) ?? [];
        Assert.All(seen, number => Assert.InRange(number, 0, session.Attempted - 1));
        Assert.Empty(seen.Intersect(session.NotSent));
        if (session.Report is not { } report)
        {
            return;
        }

        Assert.Equal(report.Sent, report.Acknowledged + report.NotDelivered + report.InDoubt);
        Assert.InRange(seen.Count, report.Acknowledged, report.Acknowledged + report.InDoubt);
        Assert.InRange(report.Sent, session.Sent.Count, session.Attempted);
        if (report.IsComplete)
        {
            Assert.Empty(session.Sent.Except(seen));
        }
    }

    /// <summary>One sender's life.</summary>
    private sealed class Session
    {
        public required int From { get; init; }

        public int Attempted { get; set; }

        public List<int> Sent { get; } = [];

        public List<int> NotSent { get; } = [];

        public CloseReport? Report { get; set; }
    }
}
