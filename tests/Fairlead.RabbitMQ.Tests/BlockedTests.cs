using System.Threading.Channels;

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
    public async Task A_blocked_sender_says_so_by_state_and_error_until_the_alarm_ends(string options)
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
}
