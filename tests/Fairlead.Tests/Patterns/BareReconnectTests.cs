using System.Net.Sockets;
using System.Text;
using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>Servers that know nothing of Fairlead, send first, and leave.</summary>
[FullRun(Reason.Repeats)]
public sealed class BareReconnectTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Rounds = 30;

    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Pair,
        Name = "Pair",
        Peers = [PatternKind.Pair],
        Takes = [MessageKind.Send],
        Needs = TransportCapabilities.Duplex,
        TalksRaw = true,
        MostPeers = 1,
    };

    [Theory]
    [InlineData("unix", Calls.Blocking)]
    [InlineData("unix", Calls.Async)]
    [InlineData("tcp", Calls.Blocking)]
    [InlineData("tcp", Calls.Async)]
    public async Task A_message_sent_on_accept_reaches_the_waiting_receiver_after_every_reconnect(string name, Calls calls)
    {
        TransportUnderTest transport = name == "unix" ? new UnixNameUnderTest() : new FixedPortUnderTest();
        (Socket listener, Address address) = transport.ListenRaw();
        using Socket _ = listener;
        Task serving = Task.Run(async () =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                using Socket socket = await listener.AcceptAsync();
                await socket.SendAsync(Encoding.UTF8.GetBytes($"hello {i}\n"));

                // The other end stays until it has seen that this one leaves.
                socket.Shutdown(SocketShutdown.Send);
            }
        });
        Pair pair = Track(await Pair.ConnectAsync(address.With("framing", "line").With("reconnect", "10m")));

        List<string> heard = [];
        if (calls == Calls.Blocking)
        {
            await OnThread(() =>
            {
                while (heard.Count < Rounds)
                {
                    using Message message = pair.Receive();
                    heard.Add(message.Text);
                }
            });
        }

        while (heard.Count < Rounds)
        {
            using Message message = await pair.ReceiveAsync();
            heard.Add(message.Text);
        }

        await serving;
        Assert.Equal(Enumerable.Range(0, Rounds).Select(static i => $"hello {i}"), heard);
    }

    /// <summary>
    /// The connecting thread opens the link, and the pump sees its end before that thread has reported the peer's return.
    /// </summary>
    [Fact]
    public async Task A_client_reconnects_after_a_server_that_left_before_its_return_was_reported()
    {
        (Socket listener, Address address) = new UnixNameUnderTest().ListenRaw();
        using Socket _ = listener;
        Owner owner = new();
        EndpointCore core = await EndpointCore.ConnectAsync(
            address.With("framing", "line").With("reconnect", "10m"), null, Profile, owner, CancellationToken.None);
        owner.Core = core;
        try
        {
            for (int i = 0; i < 4; i++)
            {
                using Socket socket = await listener.AcceptAsync();
                socket.Shutdown(SocketShutdown.Both);
            }

            Assert.True(owner.Lost >= 1);
        }
        finally
        {
            core.Dispose();
        }
    }

    /// <summary>
    /// As above, but the server ends for a reason after which the endpoint does not reconnect: a caller that waits meanwhile gets an error.
    /// </summary>
    [Fact]
    public async Task A_waiting_caller_gets_the_error_of_a_server_that_ended_before_its_return_was_reported()
    {
        (Socket listener, Address address) = new UnixNameUnderTest().ListenRaw();
        using Socket _ = listener;
        TaskCompletionSource<Task> sending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Owner owner = new()
        {
            OnLost = core => sending.SetResult(new Outbox(core).SendAsync("too late"u8, CancellationToken.None).AsTask()),
        };
        EndpointCore core = await EndpointCore.ConnectAsync(
            address.With("framing", "length").With("reconnect", "10m"), null, Profile, owner, CancellationToken.None);
        owner.Core = core;
        try
        {
            ValueTask<MessageCore?> receiving = core.Receivers.ReceiveAsync(null, CancellationToken.None);
            using (Socket socket = await listener.AcceptAsync())
            {
                socket.Shutdown(SocketShutdown.Both);
            }

            using Socket again = await listener.AcceptAsync();
            await again.SendAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0x7F });

            FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await await sending.Task);
            Assert.Equal(ErrorCode.TooLarge, error.Code);
            Assert.Null(await receiving);
        }
        finally
        {
            core.Dispose();
        }
    }

    private sealed class Owner : ILinkOwner
    {
        public EndpointCore? Core { get; set; }

        public int Lost { get; private set; }

        /// <summary>Called when a link that has just come up has gone down.</summary>
        public Action<EndpointCore>? OnLost { get; init; }

        public void OnUp(Link link, Completions completions)
        {
            if (Core is { } core)
            {
                core.Pump.Request();
                SpinWait.SpinUntil(() => link.State == LinkState.Down);
                Lost++;
                OnLost?.Invoke(core);
            }
        }

        public void OnDown(Link link, LinkEnd end, Completions completions)
        {
        }

        public string? OnSubscription(Link link, string topic, bool subscribes) => null;

        public void OnStateChanged(EndpointStateChange change)
        {
        }
    }
}
