using System.Runtime.CompilerServices;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <content>Servers, clients and matchmakers that are not to be trusted.</content>
public sealed partial class NetworkMatchmakerTests
{
    [Fact]
    public async Task Invalid_entries_are_refused()
    {
        ServiceEntry good = Entry();
        ServiceEntry[] bad =
        [
            good with { Name = "" },
            good with { Name = "two words" },
            good with { Name = new string('a', 65) },
            good with { Host = "" },
            good with { Addresses = [] },
            good with { Addresses = [.. Enumerable.Repeat(Loopback, 5)] },
            good with { Addresses = ["nonsense"] },
            good with { Addresses = ["inproc://calc"] },
            good with { Addresses = ["fifo:///tmp/calc"] },
            good with { Addresses = ["tcp://127.0.0.1:1?wait=1d"] },
            good with { Addresses = ["tls://127.0.0.1:1?authority=/etc/other.pem"] },
            good with { Addresses = [Loopback, "amqp://evil/?name=calc&credentials=/home/user/.password"] },
            good with { Addresses = [$"tcp://{new string('a', 300)}:1"] },
            good with { Program = "a\u001b[2J" },
            good with { Label = new string('a', 257) },
        ];
        await using RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(Place);
        foreach (ServiceEntry entry in bad)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(
                async () => await client.Service.RegisterAsync(entry).GetAsyncEnumerator().MoveNextAsync());
            Assert.Equal(MatchmakerError.BadEntry, refused.Code);
        }

        Assert.Empty(await Matchmaker.ListAsync(Place));
    }

    /// <summary>A matchmaker that a stranger runs, or that has an older version.</summary>
    [Fact]
    public async Task A_client_uses_no_address_that_is_less_secure_than_its_matchmaker()
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(Loopback, new Calculator());
        ServiceEntry good = Entry();
        RogueMatchmaker rogue = new(
            [good with { Addresses = [$"unix://{_name}"] }, good with { Addresses = ["tcp://127.0.0.1:1?wait=1d"] }]);
        await using RpcServer matchmaker = await Rpc.ServeAsync<IMatchmaker>(Loopback, rogue);
        RpcClientOptions options = new() { Matchmaker = $"{matchmaker.Addresses[0]}" };
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, options));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains("at an address that this client uses", missing.Message, StringComparison.Ordinal);
        rogue.Entries = [.. rogue.Entries, good with { Addresses = [$"{server.Addresses[0]}"] }];
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, options);
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
        options = options with { Schemes = ["tls"] };
        missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, options));
        Assert.Contains("at an address that this client uses", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_entries_of_a_name_are_listed_in_pages()
    {
        const int Clients = 5;
        const int EntriesOfClient = 250;
        ServiceEntry entry = Entry() with { Label = new string('x', 256), Program = new string('y', 256), Host = new string('z', 256) };
        List<RpcClient<IMatchmaker>> clients = [];
        try
        {
            for (int i = 0; i < Clients; i++)
            {
                RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(Place);
                clients.Add(client);
                await Task.WhenAll(
                    Enumerable
                        .Range(0, EntriesOfClient)
                        .Select(_ => client.Service.RegisterAsync(entry).GetAsyncEnumerator().MoveNextAsync().AsTask()));
            }

            await using RpcServer server = await ServeAsync("honest");
            Assert.Equal((Clients * EntriesOfClient) + 1, (await Matchmaker.ListAsync(Place)).Count);
            Assert.Equal(MatchmakerService.MostOfList, (await clients[0].Service.FindAsync(_name)).Count);
            await foreach (IReadOnlyList<ServiceEntry> page in clients[0].Service.ListAsync(_name))
            {
                Assert.InRange(page.Count, 1, 100);
            }

            Assert.Empty(await clients[0].Service.FindAsync("other"));
        }
        finally
        {
            foreach (RpcClient<IMatchmaker> client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    public async Task An_endless_list_of_a_matchmaker_does_not_fill_the_memory_of_its_client(int entriesOfPage)
    {
        RogueMatchmaker rogue = new([.. Enumerable.Repeat(Entry(), entriesOfPage)]) { IsEndless = true };
        await using RpcServer matchmaker = await Rpc.ServeAsync<IMatchmaker>(Loopback, rogue);
        IReadOnlyList<ServiceInstance> all = await Matchmaker.ListAsync($"{matchmaker.Addresses[0]}").AsTask().WaitAsync(Watchdog);
        Assert.Equal(entriesOfPage == 0 ? 0 : MatchmakerService.Most, all.Count);
    }

    [Fact]
    public async Task Changes_of_other_names_wake_no_watcher()
    {
        await using RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(Place);
        await using IAsyncEnumerator<IReadOnlyList<ServiceEntry>> seen = client.Service.WatchAsync("other").GetAsyncEnumerator();
        Assert.True(await seen.MoveNextAsync());
        Assert.Empty(seen.Current);
        ValueTask<bool> next = seen.MoveNextAsync();
        await using RpcServer server = await ServeAsync();
        Assert.False(next.IsCompleted);
        await using IAsyncEnumerator<bool> registered = client.Service
            .RegisterAsync(Entry() with { Name = "other" })
            .GetAsyncEnumerator();
        Assert.True(await registered.MoveNextAsync());
        Assert.True(await next.AsTask().WaitAsync(Watchdog));
        Assert.Single(seen.Current);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await client.Service.WatchAsync(new string('a', 5_000)).GetAsyncEnumerator().MoveNextAsync());
        Assert.Equal(MatchmakerError.BadEntry, refused.Code);
    }

    [Theory]
    [InlineData("tcp://0.0.0.0:0", true)]
    [InlineData("tcp://10.0.0.5:5000", true)]
    [InlineData("tcp://[::]:0", true)]
    [InlineData("tcp://127.0.0.1:0", false)]
    [InlineData("tcp://127.8.0.1:0", false)]
    [InlineData("tcp://[::1]:0", false)]
    [InlineData("tcp://localhost:0", false)]
    [InlineData("udp://0.0.0.0:0?reliable=true", true)]
    [InlineData("tls://0.0.0.0:0?certificate=/c.pem&key=/c.key", true)]
    [InlineData("tls://0.0.0.0:0?certificate=/c.pem&key=/c.key&authority=/a.pem", false)]
    [InlineData("unix://mm", false)]
    [InlineData("amqp://broker/?name=mm", false)]
    public async Task A_matchmaker_at_an_open_address_needs_an_explicit_option(string address, bool isOpen)
    {
        Assert.Equal(isOpen, EntryAddress.IsOpen(address));
        if (isOpen)
        {
            var refused = await Assert.ThrowsAsync<FairleadException>(async () => await Matchmaker.ServeAsync(address));
            Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        }
    }

    [Fact]
    public async Task A_server_registers_only_permitted_services()
    {
        MatchmakerOptions options = new() { MayRegister = (client, name) => client.RemoteAddress is not null && name == "allowed" };
        await using RpcServer matchmaker = await Matchmaker.ServeAsync(Loopback, options);
        RpcServerOptions served = new() { Matchmaker = $"{matchmaker.Addresses[0]}", NetworkAddress = Loopback };
        var denied = await Assert.ThrowsAsync<FairleadException>(
            async () => await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), served));
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
        Assert.Contains($"register no service '{_name}'", denied.Message, StringComparison.Ordinal);
        Assert.Empty(await Matchmaker.ListAsync($"{matchmaker.Addresses[0]}"));
    }

    [Theory]
    [InlineData("tls://host:1", "tls://mm:5?authority=/a.pem&certificate=/c.pem", "tls://host:1?authority=/a.pem&certificate=/c.pem")]
    [InlineData("tls://host:1", "tcp://mm:5", "tls://host:1")]
    [InlineData("tcp://host:1", "tls://mm:5", null)]
    [InlineData("tcp://host:1", "unix://mm", "tcp://host:1")]
    [InlineData("unix://calc", "tcp://mm:5", null)]
    [InlineData("unix://calc", "unix://mm", "unix://calc")]
    [InlineData("udp://host:1?reliable=true", "tcp://mm:5", "udp://host:1?reliable=true")]
    public void A_client_takes_certificate_options_from_the_address_of_the_matchmaker(string entry, string matchmaker, string? called) =>
        Assert.Equal(called, $"{EntryAddress.ForClient(entry, matchmaker, null)}" is { Length: > 0 } text ? text : null);

    [Fact]
    public void An_entry_has_neither_arguments_nor_options()
    {
        ServiceEntry entry = Matchmaker.EntryOf(
            _name, [RpcContracts.Of<ICalculator>().Description], Address.Parse("tls://host:1?certificate=/c.pem&capacity=1MiB"), "");
        Assert.Equal("tls://host:1", Assert.Single(entry.Addresses));
        Assert.Equal(Path.GetFileName(Environment.GetCommandLineArgs()[0]), entry.Program);
    }

    [Fact]
    public async Task The_number_of_entries_of_a_client_is_limited()
    {
        RpcClient<IMatchmaker> greedy = await Rpc.ConnectAsync<IMatchmaker>(Place);
        await using (greedy)
        {
            for (int i = 0; i < MatchmakerService.MostOfClient; i++)
            {
                Assert.True(await greedy.Service.RegisterAsync(Entry()).GetAsyncEnumerator().MoveNextAsync());
            }

            var refused = await Assert.ThrowsAsync<RpcException>(
                async () => await greedy.Service.RegisterAsync(Entry()).GetAsyncEnumerator().MoveNextAsync());
            Assert.Equal(MatchmakerError.TooMany, refused.Code);
            await Assert.ThrowsAsync<RpcException>(async () => await greedy.Service.WatchAsync("").GetAsyncEnumerator().MoveNextAsync());

            // Others have theirs.
            await using RpcServer server = await ServeAsync();
            await using RpcClient<IMatchmaker> watch = await Rpc.ConnectAsync<IMatchmaker>(Place);
            await using IAsyncEnumerator<IReadOnlyList<ServiceEntry>> seen = watch.Service.WatchAsync("").GetAsyncEnumerator();
            Assert.True(await seen.MoveNextAsync());
            Assert.Equal(MatchmakerService.MostOfClient + 1, seen.Current.Count);

            // They go with their connection.
            await greedy.DisposeAsync();
            while (seen.Current.Count > 1)
            {
                Assert.True(await seen.MoveNextAsync().AsTask().WaitAsync(Watchdog));
            }
        }
    }

    [Fact]
    public async Task The_number_of_watches_of_a_client_that_reads_nothing_is_limited()
    {
        // Where it knows its client's process, the limit is that of the process.
        await using RpcServer matchmaker = await Matchmaker.ServeAsync($"unix://{_name}");
        string place = $"{matchmaker.Addresses[0]}";
        await using (Requester greedy = await Requester.ConnectAsync(place))
        {
            Task<Message>[] calls =
            [
                .. Enumerable.Range(0, MatchmakerService.MostOfClient + 1).Select(_ => greedy.RequestAsync(Watch()).AsTask()),
            ];
            using Message reply = await (await Task.WhenAny(calls).WaitAsync(Watchdog));
            Assert.Equal((byte)ReplyStatus.Failed, reply.Span[0]);
            Assert.Equal(MatchmakerService.MostOfClient, calls.Count(static call => !call.IsCompleted));
        }

        // They go with their connection.
        await using RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(place);
        using CancellationTokenSource watchdog = new(Watchdog);
        while (true)
        {
            try
            {
                await using IAsyncEnumerator<IReadOnlyList<ServiceEntry>> seen =
                    client.Service.WatchAsync("other", watchdog.Token).GetAsyncEnumerator();
                Assert.True(await seen.MoveNextAsync());
                return;
            }
            catch (RpcException full) when (full.Code == MatchmakerError.TooMany)
            {
                // The server has not noticed the end of all calls.
            }
        }
    }

    [Fact]
    public async Task Garbage_of_other_clients_does_not_change_the_matchmaker()
    {
        await using RpcServer server = await ServeAsync();
        Random random = new(7);
        await using (Requester stranger = await Requester.ConnectAsync(Place))
        {
            for (int i = 0; i < 2000; i++)
            {
                byte[] garbage = new byte[random.Next(80)];
                random.NextBytes(garbage);
                if (garbage.Length > 0)
                {
                    // A frame of each kind; some would wait without end.
                    garbage[0] = (byte)(i % 10);
                }

                using CancellationTokenSource giveUp = new();
                ValueTask<Message> asked = stranger.RequestAsync(garbage, cancellationToken: giveUp.Token);
                await giveUp.CancelAsync();
                try
                {
                    (await asked).Dispose();
                }
                catch (Exception exception) when (exception is FairleadException or OperationCanceledException)
                {
                    // As it should be.
                }
            }
        }

        using (System.Net.Sockets.TcpClient raw = new("127.0.0.1", _matchmaker.Addresses[0].Port!.Value))
        {
            await raw.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        }

        Assert.Single(await Matchmaker.ListAsync(Place));
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        Assert.Equal(5, client.Service.Add(2, 3));
    }

    private sealed class RogueMatchmaker(ServiceEntry[] entries) : IMatchmaker
    {
        public ServiceEntry[] Entries { get; set; } = entries;

        public bool IsEndless { get; init; }

        public ValueTask<IReadOnlyList<ServiceEntry>> FindAsync(string name, CancellationToken cancellationToken = default) => new(Entries);

        public async IAsyncEnumerable<IReadOnlyList<ServiceEntry>> ListAsync(
            string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return Entries;
            while (IsEndless)
            {
                yield return Entries;
            }
        }

        public IAsyncEnumerable<bool> RegisterAsync(ServiceEntry entry, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<IReadOnlyList<ServiceEntry>> WatchAsync(string name, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
