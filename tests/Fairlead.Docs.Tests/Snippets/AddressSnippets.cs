using Fairlead.Diagnostics;
using Fairlead.Registry;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/addresses.md, docs/transports</summary>
public sealed class AddressSnippets
{
    [Fact]
    public async Task An_address_exposes_its_parts_and_derives_changed_addresses()
    {
        Address address = Address.Parse("tcp://localhost:0?capacity=4MiB");
        await using var receiver = await Receiver.BindAsync(address.With("wait", "5s"));
        int port = receiver.Address.Port!.Value;

        Assert.NotEqual(0, port);
        Assert.Equal(("tcp", "localhost", "4MiB"), (address.Scheme, address.Host, address.Option("capacity")));
        Assert.Equal("tcp://localhost:5242?capacity=4MiB", address.WithPort(5242).ToString());
        Assert.False(Address.TryParse("orders", out _));
    }

    [Fact]
    public async Task A_peer_without_a_certificate_has_no_name()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        await sender.SendAsync("three apples");
        using Message order = await receiver.ReceiveAsync();
        string customer = order.Peer.Certificate?.Name ?? "unknown";

        Assert.Equal("unknown", customer);
    }

    [Fact]
    public void Bare_names_refer_to_the_runtime_directory()
    {
        using var receiver = Receiver.Bind("unix://orders");
        string path = Path.Combine(FairleadDirectory.Runtime, "unix", "orders");

        Assert.True(File.Exists(path));
        using var sender = Sender.Connect($"unix://{path}");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_misspelled_option_or_scheme_is_refused_with_a_suggestion()
    {
        AddressFormatException unknown = Assert.Throws<AddressFormatException>(() => Receiver.Bind("unix://orders?capicity=1MiB"));
        Assert.Contains("did you mean 'capacity'?", unknown.Message, StringComparison.Ordinal);
        Assert.Contains(
            "did you mean 'unix'?",
            Assert.Throws<AddressFormatException>(() => Address.Parse("unx://orders")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_catalog_lists_schemes_and_capabilities()
    {
        foreach (string scheme in TransportCatalog.Schemes)
        {
            Console.WriteLine(scheme);
        }

        bool isLocal = !TransportCatalog.CapabilitiesOf("unix://orders").HasFlag(TransportCapabilities.CrossHost);

        Assert.True(isLocal);
    }

    [Fact]
    public async Task The_registry_lists_endpoints_with_their_counters()
    {
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        await sender.SendAsync("1"u8);
        Assert.True(receiver.TryReceive(5.Seconds(), out Message message));
        message.Dispose();

        foreach (EndpointInfo endpoint in EndpointRegistry.List())
        {
            Console.WriteLine(
                $"{endpoint.Address} {endpoint.Kind} of pid {endpoint.ProcessId}: {endpoint.MessagesReceived} received, "
                    + $"{endpoint.QueueDepth} waiting");
        }

        EndpointInfo shown = EndpointRegistry.FindHolder("unix://orders")!;
        Assert.Equal(("receiver", 1L, 1L), (shown.Kind, shown.MessagesReceived, shown.Clients));
        Assert.Equal(1, receiver.Statistics.MessagesReceived);
    }

    /// <summary>docs/observing.md</summary>
    [Fact]
    public async Task WatchAsync_reports_endpoints_of_an_address()
    {
        using CancellationTokenSource stop = new();
        CancellationToken cancellationToken = stop.Token;
        await using var receiver = await Receiver.BindAsync("unix://orders");
        await using var sender = await Sender.ConnectAsync("unix://orders");
        stop.CancelAfter(100.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (IReadOnlyList<EndpointInfo> living in EndpointRegistry.WatchAsync("unix://orders", cancellationToken))
            {
                Console.WriteLine($"{living.Count(static one => one.IsBound)} bound, {living.Count(static one => !one.IsBound)} connected");
            }
        });
    }

    [Fact]
    public async Task Connecting_with_wait_waits_for_the_receiver()
    {
        Task<Sender> connecting = Sender.ConnectAsync("unix://later?wait=10s").AsTask();
        Assert.False(connecting.IsCompleted);
        await using var receiver = await Receiver.BindAsync("unix://later");
        await using var sender = await connecting;
        Assert.Single(sender.Peers);
    }
}
