using System.Runtime.CompilerServices;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A matchmaker over the network. Only the loopback interface is used.</summary>
public sealed class NetworkMatchmakerTests : IAsyncLifetime
{
    private const string Loopback = "tcp://127.0.0.1:0";
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"calc-{Guid.NewGuid():N}"[..16];
    private RpcServer _matchmaker = null!;

    private string Place => $"{_matchmaker.Addresses[0]}";

    private RpcClientOptions Client => new() { Matchmaker = Place };

    public async Task InitializeAsync() => _matchmaker = await Matchmaker.ServeAsync(Loopback);

    public async Task DisposeAsync() => await _matchmaker.DisposeAsync();

    [Fact]
    public async Task A_server_with_a_malformed_matchmaker_does_not_begin()
    {
        RpcServerOptions options = new() { Matchmaker = "tcp://127.0.0.1:nonsense", NetworkAddress = Loopback };
        await Assert.ThrowsAsync<AddressFormatException>(
            () => Rpc.ServeAsync<ICalculator>(_name, new Calculator(), options).AsTask().WaitAsync(Watchdog));
        Assert.Empty(Matchmaker.Find(_name));
    }

    [Fact]
    public async Task A_client_may_wait_without_limit_for_a_service()
    {
        RpcClientOptions options = new() { Matchmaker = $"{_matchmaker.Addresses[0]}", WaitForService = TimeSpan.MaxValue };
        Task<RpcClient<ICalculator>> connecting = Rpc.ConnectAsync<ICalculator>(_name, options).AsTask();
        RpcServerOptions served = new() { Matchmaker = $"{_matchmaker.Addresses[0]}", NetworkAddress = Loopback };
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), served);
        await using RpcClient<ICalculator> client = await connecting.WaitAsync(Watchdog);
        Assert.Equal(5, await client.Service.AddAsync(2, 3));
    }

    [Fact]
    public async Task A_matchmaker_with_too_many_watches_is_told_as_full()
    {
        // Where it knows its client's process, the limit is that of the process.
        await using RpcServer matchmaker = await Matchmaker.ServeAsync($"unix://{_name}");
        string place = $"{matchmaker.Addresses[0]}";
        List<IAsyncEnumerator<IReadOnlyList<ServiceEntry>>> watches = [];
        await using RpcClient<IMatchmaker> watch = await Rpc.ConnectAsync<IMatchmaker>(place);
        for (int i = 0; i < MatchmakerService.MostOfClient; i++)
        {
            watches.Add(watch.Service.WatchAsync("other").GetAsyncEnumerator());
            Assert.True(await watches[i].MoveNextAsync());
        }

        RpcClientOptions options = new() { Matchmaker = place, WaitForService = TimeSpan.FromSeconds(10) };
        var full = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, options));
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (full.Code, full.Delivery));
        foreach (IAsyncEnumerator<IReadOnlyList<ServiceEntry>> each in watches)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_service_is_found_at_a_matchmaker()
    {
        await using RpcServer server = await ServeAsync("blue");
        ServiceInstance instance = Assert.Single(await Matchmaker.ListAsync(Place));
        Assert.Equal((_name, "blue", Environment.ProcessId), (instance.Name, instance.Label, instance.ProcessId));
        Assert.Equal(RpcContracts.Of<ICalculator>().Description.Hash, instance.Hash);
        Assert.Equal(server.Addresses[^1], Assert.Single(instance.Addresses));
        Assert.NotEqual("", instance.Host);

        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        Assert.Equal(5, client.Service.Add(2, 3));
        Assert.Equal("tcp", client.Address?.Scheme);

        // Here it is found over shared memory.
        await using RpcClient<ICalculator> local = await Rpc.ConnectAsync<ICalculator>(_name);
        Assert.Equal("shm", local.Address?.Scheme);
    }

    [Fact]
    public async Task An_entry_goes_with_its_server()
    {
        RpcServer server = await ServeAsync();
        await using RpcClient<IMatchmaker> watch = await Rpc.ConnectAsync<IMatchmaker>(Place);
        await using IAsyncEnumerator<IReadOnlyList<ServiceEntry>> seen = watch.Service.WatchAsync(_name).GetAsyncEnumerator();
        Assert.True(await seen.MoveNextAsync());
        Assert.Single(seen.Current);
        await server.DisposeAsync();
        Assert.True(await seen.MoveNextAsync().AsTask().WaitAsync(Watchdog));
        Assert.Empty(seen.Current);
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, Client));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains($"no service '{_name}' is registered at the matchmaker {Place}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_cannot_be_reached_is_told_by_its_address()
    {
        await using RpcClient<IMatchmaker> client = await Rpc.ConnectAsync<IMatchmaker>(Place);
        ServiceEntry unreachable = Entry();
        await using IAsyncEnumerator<bool> registered = client.Service.RegisterAsync(unreachable).GetAsyncEnumerator();
        Assert.True(await registered.MoveNextAsync());
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, Client));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains($"no instance of service '{_name}' at the matchmaker {Place}", missing.Message, StringComparison.Ordinal);
        Assert.Contains($"can reach {unreachable.Addresses[0]}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_registers_again_when_its_matchmaker_comes_back()
    {
        await using RpcServer server = await ServeAsync();
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        string place = Place;
        await _matchmaker.DisposeAsync();

        // Calls need it no more.
        Assert.Equal(5, client.Service.Add(2, 3));
        await Assert.ThrowsAsync<FairleadException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, new() { Matchmaker = place }));

        // A client may wait for both.
        ValueTask<RpcClient<ICalculator>> waiting = Rpc.ConnectAsync<ICalculator>(
            _name, new RpcClientOptions { Matchmaker = place, WaitForService = Watchdog });
        _matchmaker = await Matchmaker.ServeAsync(place);
        await using RpcClient<ICalculator> second = await waiting;
        Assert.Equal(5, second.Service.Add(2, 3));
    }

    [Fact]
    public async Task A_client_waits_for_a_service()
    {
        ValueTask<RpcClient<ICalculator>> waiting = Rpc.ConnectAsync<ICalculator>(_name, Client with { WaitForService = Watchdog });
        await using RpcServer server = await ServeAsync();
        await using RpcClient<ICalculator> client = await waiting;
        Assert.Equal(5, client.Service.Add(2, 3));
    }

    [Fact]
    public async Task A_client_goes_on_with_another_instance()
    {
        List<RpcServer> servers = [await ServeAsync(), await ServeAsync()];
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>(_name, Client);
        Assert.Equal(5, client.Service.Add(2, 3));
        RpcServer used = servers.Single(server => server.Addresses[^1] == client.Address);
        await used.DisposeAsync();
        Assert.Equal(7, client.Service.Add(3, 4));
        await servers.Single(server => server != used).DisposeAsync();
    }

    [Fact]
    public async Task A_server_without_its_matchmaker_does_not_begin()
    {
        string place = Place;
        await _matchmaker.DisposeAsync();
        var missing = await Assert.ThrowsAsync<FairleadException>(async () => await ServeAsync());
        Assert.Contains($"no matchmaker is reached at {place}", missing.Message, StringComparison.Ordinal);
        Assert.Empty(Matchmaker.Find(_name));
        missing = await Assert.ThrowsAsync<FairleadException>(async () => await Matchmaker.ListAsync(place));
        Assert.Contains($"no matchmaker is reached at {place}", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_that_are_none_are_refused()
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
    public async Task A_client_uses_no_address_that_is_less_safe_than_its_matchmaker()
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
    public async Task A_matchmaker_that_lists_without_end_does_not_fill_its_client(int entriesOfPage)
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
    public async Task A_matchmaker_at_an_address_for_everyone_must_be_wanted(string address, bool isOpen)
    {
        Assert.Equal(isOpen, EntryAddress.IsOpen(address));
        if (isOpen)
        {
            var refused = await Assert.ThrowsAsync<FairleadException>(async () => await Matchmaker.ServeAsync(address));
            Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        }
    }

    [Fact]
    public async Task A_server_registers_only_the_services_that_it_may()
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
    public void The_trust_of_a_client_comes_from_its_matchmakers_address(string entry, string matchmaker, string? called) =>
        Assert.Equal(called, $"{EntryAddress.ForClient(entry, matchmaker, null)}" is { Length: > 0 } text ? text : null);

    [Fact]
    public void An_entry_has_neither_arguments_nor_options()
    {
        ServiceEntry entry = Matchmaker.EntryOf(
            _name, RpcContracts.Of<ICalculator>().Description, Address.Parse("tls://host:1?certificate=/c.pem&capacity=1MiB"), "");
        Assert.Equal("tls://host:1", Assert.Single(entry.Addresses));
        Assert.Equal(Path.GetFileName(Environment.GetCommandLineArgs()[0]), entry.Program);
    }

    [Fact]
    public async Task A_client_has_only_so_many_entries()
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
    public async Task A_client_that_reads_nothing_has_only_so_many_watches()
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
    public async Task Strangers_leave_it_as_it_is()
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

    [Fact]
    public async Task Options_are_checked()
    {
        RpcServerOptions options = new() { Matchmaker = Place, NetworkAddress = Loopback };
        foreach (RpcServerOptions wrong in (RpcServerOptions[])
        [
            options with { NetworkAddress = null },
            options with { NetworkAddress = "tcp://0.0.0.0:0" },
            options with { NetworkAddress = "tcp://*:0" },
            options with { NetworkAddress = "tcp://[::]:0" },
            options with { Matchmaker = "host" },
        ])
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await Rpc.ServeAsync<ICalculator>(_name, new Calculator(), wrong));
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ServeAsync<ICalculator>(Loopback, new Calculator(), options));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Rpc.ConnectAsync<ICalculator>(_name, new() { Matchmaker = "host" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Matchmaker.ListAsync("host"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Matchmaker.ServeAsync("host"));
        Assert.Empty(await Matchmaker.ListAsync(Place));
    }

    private ValueTask<RpcServer> ServeAsync(string label = "") => Rpc.ServeAsync<ICalculator>(
        _name,
        new Calculator(),
        new RpcServerOptions { Matchmaker = Place, NetworkAddress = Loopback, Endpoint = new EndpointOptions { Label = label } });

    // A call whose items are never asked for.
    private static byte[] Watch()
    {
        RpcDescription contract = RpcContracts.Of<IMatchmaker>().Description;
        int member = contract.Members.Index().Single(static one => one.Item.Name == nameof(IMatchmaker.WatchAsync)).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteOpen(ref call, (ushort)member, contract.Hash, Guid.NewGuid());
            call.WriteString("other");
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private ServiceEntry Entry() =>
        Matchmaker.EntryOf(_name, RpcContracts.Of<ICalculator>().Description, Address.Parse("tcp://127.0.0.1:1"), "");

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
