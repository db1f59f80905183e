using System.Threading.Channels;
using Fairlead.Diagnostics;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker without memory blocks its publishers, which learn of it.</summary>
[Collection(PausedBroker.Name)]
public sealed class BlockedTests(PausedBroker paused)
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [BrokerTheory]
    [InlineData("")]
    [InlineData("&durable=true")]
    public async Task A_blocked_sender_shows_its_state_and_errors_until_the_alarm_ends(string options)
    {
        Address address = paused.Node.Address($"blocked{options.Length}", $"&messages=2{options}");
        await using Sender sender = await Sender.ConnectAsync(address);
        Channel<EndpointStateChange> changes = Channel.CreateUnbounded<EndpointStateChange>();
        sender.StateChanged += (_, change) => Assert.True(changes.Writer.TryWrite(change));
        await sender.SendAsync("before"u8.ToArray());
        paused.Node.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            // The broker tells a connection when it publishes.
            Assert.Equal(SendResult.Sent, sender.TrySend("waits"u8));
            EndpointStateChange blocked = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal(EndpointState.Blocked, blocked.State);
            Assert.Contains("memory", blocked.Detail, StringComparison.Ordinal);
            _ = sender.TrySend("fills the window"u8);
            FairleadException late = Assert.Throws<FairleadException>(() => sender.Send("too late"u8, 200.Milliseconds()));
            Assert.Equal(ErrorCode.Timeout, late.Code);
            Assert.Contains("reads nothing from its publishers now: low on memory", late.Message, StringComparison.Ordinal);
            Delivery delivery = await sender.DeliverAsync("too late, too"u8, 200.Milliseconds());
            Assert.Contains("low on memory", delivery.Reason, StringComparison.Ordinal);
        }
        finally
        {
            paused.Node.Control("set_vm_memory_high_watermark", "absolute", "2GB");
        }

        EndpointStateChange free = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((EndpointState.Connected, CloseReason.Limit, null), (free.State, free.Reason, free.Detail));
        sender.Send("after"u8, Patience);
    }

    /// <summary>Hubs and pairs have connections through the broker, which is as short of memory for them.</summary>
    [BrokerFact]
    public async Task A_blocked_pair_and_its_hub_show_the_state_also_to_other_processes()
    {
        Address address = paused.Node.Address("blocked-hub");
        await using Hub hub = await Hub.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address);
        Channel<EndpointStateChange> ofHub = Changes(hub);
        Channel<EndpointStateChange> ofPair = Changes(pair);
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync(Patience));
        await pair.SendAsync("before"u8.ToArray());
        using (Message before = Assert.IsType<HubEvent.Said>(await hub.NextEventAsync(Patience)).Message)
        {
            Assert.Equal("before", before.Text);
        }

        paused.Node.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            await pair.SendAsync("waits"u8.ToArray());
            foreach (Channel<EndpointStateChange> changes in (Channel<EndpointStateChange>[])[ofPair, ofHub])
            {
                EndpointStateChange blocked = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
                Assert.Equal(EndpointState.Blocked, blocked.State);
                Assert.Contains("memory", blocked.Detail, StringComparison.Ordinal);
            }

            Assert.Equal([true, true], Listed().Select(static endpoint => endpoint.IsBlocked));
        }
        finally
        {
            paused.Node.Control("set_vm_memory_high_watermark", "absolute", "2GB");
        }

        Assert.Equal(EndpointState.Connected, (await ofPair.Reader.ReadAsync().AsTask().WaitAsync(Patience)).State);
        Assert.Equal(EndpointState.Connected, (await ofHub.Reader.ReadAsync().AsTask().WaitAsync(Patience)).State);
        using Message waited = Assert.IsType<HubEvent.Said>(await hub.NextEventAsync(Patience)).Message;
        Assert.Equal("waits", waited.Text);
        Assert.Equal([false, false], Listed().Select(static endpoint => endpoint.IsBlocked));

        EndpointInfo[] Listed() =>
            [.. EndpointRegistry.List().Where(endpoint => endpoint.Address.Contains("name=blocked-hub", StringComparison.Ordinal))];
    }

    private static Channel<EndpointStateChange> Changes(MessagingEndpoint endpoint)
    {
        Channel<EndpointStateChange> changes = Channel.CreateUnbounded<EndpointStateChange>();
        endpoint.StateChanged += (_, change) => Assert.True(changes.Writer.TryWrite(change));
        return changes;
    }
}
