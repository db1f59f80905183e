using System.Collections.Concurrent;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>An end that waits for a server, and meets one that ends while it admits a client.</summary>
public sealed class ConnectingTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("tcp")]
    public async Task A_client_waits_for_a_server_that_died_in_the_handshake_as_for_a_missing_one(string name)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(name);
        (Socket listener, Address address) = transport.ListenRaw();
        using Socket _ = listener;
        Task<Sender> connecting = Sender.ConnectAsync(address, new() { ConnectTimeout = TimeSpan.FromMinutes(10) }).AsTask();
        for (int i = 0; i < 3; i++)
        {
            using RawPeer dies = new(await listener.AcceptAsync());
            if (i > 0)
            {
                await OnThread(dies.Read);
            }
        }

        using RawPeer lives = Track(new RawPeer(await listener.AcceptAsync()));
        await OnThread(lives.Read);
        lives.SayHello("Receiver", kind: 'W');

        Sender sender = Track(await connecting);
        Assert.Single(sender.Peers);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task A_subscriber_waits_for_a_publisher_that_died_before_it_read_the_topics(string name)
    {
        TransportUnderTest transport = TransportsUnderTest.Of(name);
        (Socket listener, Address address) = transport.ListenRaw();
        using Socket _ = listener;
        Task<Subscriber> connecting = Subscriber.ConnectAsync(address, "a", new() { ConnectTimeout = TimeSpan.FromMinutes(10) }).AsTask();
        for (int i = 0; i < 2; i++)
        {
            using RawPeer peer = new(await listener.AcceptAsync());
            await OnThread(peer.Read);
            peer.SayHello("Publisher", kind: 'W');
            await OnThread(peer.Read);
        }

        using RawPeer lives = Track(new RawPeer(await listener.AcceptAsync()));
        await OnThread(lives.Read);
        lives.SayHello("Publisher", kind: 'W');
        uint id = await OnThread(lives.ReadHeader) ?? throw new EndOfStreamException();
        lives.Send(3, [0], id: id);

        Subscriber subscriber = Track(await connecting);
        Assert.Single(subscriber.Peers);
    }

    [Fact]
    public async Task A_client_that_does_not_wait_gets_the_error_immediately()
    {
        (Socket listener, Address address) = new UnixNameUnderTest().ListenRaw();
        using Socket _ = listener;
        Task<Sender> connecting = Sender.ConnectAsync(address).AsTask();
        (await listener.AcceptAsync()).Dispose();
        await FailsAsync(ErrorCode.PeerGone, () => connecting);
    }

    [Fact]
    public async Task A_state_handler_that_throws_ends_nothing()
    {
        Address address = $"unix://told-{Guid.NewGuid():N}";
        Receiver receiver = Track(Receiver.Bind(address));
        Sender sender = Track(await Sender.ConnectAsync(address, new() { ReconnectTimeout = Timeout.InfiniteTimeSpan }));
        TaskCompletionSource isBack = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource isTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ConcurrentQueue<HandlerFailure> failures = new();
        sender.HandlerFailed += (_, failure) =>
        {
            failures.Enqueue(failure);
            throw new InvalidOperationException("another's own");
        };
        sender.StateChanged += (_, change) =>
        {
            if (change.State == EndpointState.Connected)
            {
                isBack.SetResult();
            }

            throw new InvalidOperationException("a handler's own");
        };
        sender.StateChanged += (_, change) => _ = change.State == EndpointState.Connected && isTold.TrySetResult();

        receiver.Dispose();
        Track(Receiver.Bind(address));

        await isBack.Task;
        await sender.SendAsync("on"u8.ToArray());

        // A handler that throws does not stop the next one.
        await isTold.Task;
        Assert.All(
            failures,
            static failure => Assert.Equal(
                (HandlerKind.StateChanged, "a handler's own", null), (failure.Kind, failure.Exception.Message, failure.Peer)));
        Assert.Equal(2, failures.Count);
    }

    [Theory]
    [InlineData("unix://nobody")]
    [InlineData("unixpacket://nobody")]
    [InlineData("unixgram://nobody")]
    [InlineData("shm://nobody")]
    [InlineData("fifo://nobody")]
    [InlineData("fifo://nobody,either")]
    public async Task The_error_for_a_missing_name_says_which_directory_was_searched(string address)
    {
        FairleadException error = await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(address));
        Assert.EndsWith(
            $" (searched {Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead)", error.WhatHappened, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:///tmp/nobody/listens")]
    [InlineData("unix://@nobody")]
    [InlineData("tcp://127.0.0.1:1")]
    public async Task The_error_for_a_path_or_port_names_no_searched_directory(string address)
    {
        FairleadException error = await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(address));
        Assert.DoesNotContain("searched", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_of_the_other_end_is_ignored_and_a_misspelt_option_is_refused()
    {
        using Subscriber subscriber = Subscriber.Bind("inproc://other-end?history=1000", "t");
        Assert.Equal("1000", subscriber.Address.Option("history"));
        AddressFormatException refused = Assert.Throws<AddressFormatException>(() => Subscriber.Bind("inproc://other-end?histori=1", "t"));
        Assert.Contains("unknown option 'histori'; did you mean 'history'?", refused.Message, StringComparison.Ordinal);

        // An option of publishers. A pattern that does not communicate with them refuses it.
        Assert.Throws<AddressFormatException>(() => Receiver.Bind("inproc://other-end-2?history=1"));
    }
}
