using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// A server is killed and started again and again under clients of all patterns that reconnect: nothing hangs, and every call ends as one
/// of the documented outcomes.
/// </summary>
[SlowRun]
public abstract class RestartContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>One, or as many as the environment asks for: a client that is never connected is rare, and then only by chance.</summary>
    public static TheoryData<int> FirstRounds
    {
        get
        {
            string rounds = Environment.GetEnvironmentVariable("FAIRLEAD_FIRST_ROUNDS") ?? "1";
            return [.. Enumerable.Range(1, int.Parse(rounds, CultureInfo.InvariantCulture))];
        }
    }

    private static readonly EndpointOptions Reconnecting = new() { ReconnectTimeout = Timeout.InfiniteTimeSpan };

    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private int _round;
    private volatile bool _isOver;
    private volatile bool _isAllPushed;

    [Fact]
    public Task Clients_of_all_patterns_outlive_ten_deaths_of_their_server() => PlayAsync(restarts: 10);

    [Theory]
    [MemberData(nameof(FirstRounds))]
    public async Task Clients_of_all_patterns_reach_a_restarted_server(int round)
    {
        await PlayAsync(restarts: 0);
        Output.WriteLine($"Fresh server {round}: every client completed a call.");
    }

    private async Task PlayAsync(int restarts)
    {
        Address[] places = [NewPlace(), NewPlace(), NewPlace(), NewPlace(), NewPlace()];
        string[] arguments = ["server", .. places.Select(static place => place.ToString())];
        PeerProcess server = await StartAsync(arguments);
        Task<int>[] clients =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(from =>
                    RunAsync(
                        Open(Sender.ConnectAsync, places[0]),
                        async (sender, i) =>
                        {
                            await sender.SendAsync(Payload.Make(i, i % 500, from).AsSpan());
                            return "sent";
                        })),
            RunAsync(
                Open(Sender.ConnectAsync, places[0]),
                static async (sender, i) => $"delivery {(await sender.DeliverAsync(Payload.Make(i, i % 500, 2).AsSpan())).Status}"),
            RunAsync(
                Open(Sender.ConnectAsync, places[0]),
                static (sender, i) => OnThread(() => $"delivery {sender.Deliver(Payload.Make(i, i % 500, 3)).Status}")),
            RunAsync(Open(Requester.ConnectAsync, places[1]), static (requester, i) => AskAsync(requester, i, idempotent: false)),
            RunAsync(
                Open(Requester.ConnectAsync, places[1]), static (requester, i) => AskAsync(requester, i, idempotent: true), mayFail: false),
            RunAsync(
                Open(Requester.ConnectAsync, places[1]),
                static (requester, i) =>
                    OnThread(() =>
                    {
                        using Message reply = requester.Request(Payload.Make(i, i % 500), new RequestOptions { Idempotent = true });
                        Assert.Equal(i, Payload.Check(reply.Span).Number);
                        return "reply";
                    }),
                mayFail: false),

            // Never on this thread: connecting may complete synchronously, and a loop that blocks would then start no further client.
            .. Enumerable.Range(0, 2).Select(_ => Task.Run(() => ListenAsync(places[2]))),
            Task.Run(() => TalkAsync(places[3])),
            .. Enumerable
                .Range(0, 2)
                .Select(from => RunAsync(Open(Sender.ConnectAsync, places[4]), (sender, i) => PushAsync(sender, from, i))),
        ];
        Task<int>[] workers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => WorkAsync(places[4])))];
        for (int i = 0; i < restarts; i++)
        {
            // Every client has completed a call with this server before it is killed.
            await NextRoundAsync();
            await server.KillAsync();
            server = await StartAsync(arguments);
        }

        await NextRoundAsync();
        _isOver = true;
        int[] done = await Task.WhenAll(clients);

        // The workers end last: until then a task waits for them.
        _isAllPushed = true;
        done = [.. done, .. await Task.WhenAll(workers)];
        Assert.Empty(_done.Keys.Intersect(_notDone.Keys));
        Assert.Empty(_isDone.Keys.Except(_done.Keys));
        Assert.All(done, count => Assert.True(count > restarts));
        Output.WriteLine(string.Join(", ", _outcomes.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Value} × {pair.Key}")));
        string[] documented =
        [
            "delivery Delivered",
            "delivery NotDelivered",
            "delivery Unknown",
            "item Delivered",
            "item NotDelivered",
            "item Unknown",
            "worked",
            "heard",
            "reply",
            "sent",
            "echo",
            "PeerGone NotDelivered",
            "PeerGone Unknown",
            "PeerGone ",
        ];
        Assert.Empty(_outcomes.Keys.Except(documented));

        async Task NextRoundAsync()
        {
            int round = Interlocked.Increment(ref _round);
            await Until(
                () => Array.TrueForAll([.. clients, .. workers], client => client.IsFaulted ? throw client.Exception! : true)
                    && _seen.Count == clients.Length + workers.Length && _seen.Values.All(seen => seen >= round),
                $"every client has got round {round} done");
        }
    }

    private readonly ConcurrentDictionary<int, int> _seen = new();
    private int _clients;

    private static async Task<string> AskAsync(Requester requester, int number, bool idempotent)
    {
        using Message reply = await requester.RequestAsync(
            Payload.Make(number, number % 500).AsSpan(), new RequestOptions { Idempotent = idempotent });
        Assert.Equal(number, Payload.Check(reply.Span).Number);
        return "reply";
    }

    private async Task<PeerProcess> StartAsync(string[] arguments)
    {
        PeerProcess server = Track(PeerProcess.Start(arguments));
        await server.AnswerAsync();
        return server;
    }

    private static ValueTask<T> Open<T>(Func<Address, EndpointOptions?, CancellationToken, ValueTask<T>> connect, Address place)
        where T : MessagingEndpoint => connect(place, Reconnecting, default);

    /// <summary>Calls until it is over; returns the number of successful calls.</summary>
    private async Task<int> RunAsync<T>(ValueTask<T> opening, Func<T, int, Task<string>> call, bool mayFail = true)
        where T : MessagingEndpoint
    {
        int me = Interlocked.Increment(ref _clients);
        T endpoint = Track(await opening);
        int done = 0;
        for (int i = 0; !_isOver; i++)
        {
            int round = Volatile.Read(ref _round);
            try
            {
                string outcome = await Task.Run(() => call(endpoint, i));
                Count(outcome);
                if (outcome is "sent" or "reply" or "delivery Delivered" or "item Delivered")
                {
                    done++;
                    _seen[me] = round;
                }
            }
            catch (FairleadException lost) when (mayFail && !endpoint.Completion.IsCompleted)
            {
                // An endpoint that reconnects without limit never ends. If it did, each call would fail at once, and this would go on.
                Count($"{lost.Code} {lost.Delivery}");
            }

            await Task.Yield();
        }

        return done;
    }

    private async Task<int> ListenAsync(Address place)
    {
        int me = Interlocked.Increment(ref _clients);
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(place, ">", Reconnecting));
        Dictionary<int, int> last = [];
        int heard = 0;
        while (!_isOver)
        {
            int round = Volatile.Read(ref _round);
            using Message message = await subscriber.ReceiveAsync();
            (int number, int from) = Payload.Check(message.Span);
            Assert.True(
                !last.TryGetValue(from, out int before) || number - before - 1 == message.Missed,
                $"Message {number} came after {before}, and {message.Missed} were missed.");
            last[from] = number;
            heard++;
            _seen[me] = round;
            Count("heard");
        }

        return heard;
    }

    private async Task<int> TalkAsync(Address place)
    {
        int me = Interlocked.Increment(ref _clients);
        Pair pair = Track(await Pair.ConnectAsync(place, Reconnecting));
        int echoes = 0;
        for (int i = 0; !_isOver; i++)
        {
            int round = Volatile.Read(ref _round);
            try
            {
                await pair.SendAsync(Payload.Make(i, i % 500).AsSpan());
            }
            catch (FairleadException lost)
            {
                Count($"{lost.Code} {lost.Delivery}");
            }

            // The echo of a message that died with the server never comes.
            while (pair.TryReceive(20.Milliseconds(), out Message echo))
            {
                bool isLast = Payload.Check(echo.Span).Number == i;
                echo.Dispose();
                echoes++;
                _seen[me] = round;
                Count("echo");
                if (isLast)
                {
                    break;
                }
            }
        }

        return echoes;
    }

    private readonly ConcurrentDictionary<(int From, int Number), bool> _done = new();
    private readonly ConcurrentDictionary<(int From, int Number), bool> _isDone = new();
    private readonly ConcurrentDictionary<(int From, int Number), bool> _notDone = new();

    private async Task<string> PushAsync(Sender sender, int from, int number)
    {
        // Unlike the others, some items are long.
        Delivery delivery = await sender.DeliverAsync(Payload.Make(number, number % 50 == 0 ? 70_000 : number % 500, from).AsSpan());
        if (delivery.Status != DeliveryStatus.Unknown)
        {
            (delivery.IsDelivered ? _isDone : _notDone)[(from, number)] = true;
        }

        return $"item {delivery.Status}";
    }

    /// <summary>
    /// The queue dies with the server, together with its contents; a client that pushes again gets an error. An item therefore comes twice
    /// only if a living queue hands it out again, and then it is marked.
    /// </summary>
    private async Task<int> WorkAsync(Address place)
    {
        int me = Interlocked.Increment(ref _clients);
        Receiver worker = Track(await Receiver.ConnectAsync(place, Reconnecting));
        int worked = 0;
        while (!_isAllPushed)
        {
            int round = Volatile.Read(ref _round);
            if (!worker.TryReceive(20.Milliseconds(), out Message item))
            {
                continue;
            }

            using (item)
            {
                (int number, int from) = Payload.Check(item.Span);
                Assert.True(_done.TryAdd((from, number), true) || item.Redelivered, $"Item {number} of {from} came twice.");
                item.Accept();
            }

            worked++;
            _seen[me] = round;
            Count("worked");
        }

        return worked;
    }

    private void Count(string outcome) => _outcomes.AddOrUpdate(outcome, 1, static (_, count) => count + 1);
}
