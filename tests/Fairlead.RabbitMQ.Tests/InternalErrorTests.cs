namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker that fails at what it is asked to do every day is asked again, and not for ever.</summary>
public sealed class InternalErrorTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_receiver_and_a_sender_open_although_the_broker_fails_at_first()
    {
        using FailingBroker broker = new(failures: 3);
        Address address = broker.Address($"fails-{Environment.ProcessId}");
        await using Receiver receiver = await Receiver.BindAsync(address).AsTask().WaitAsync(Patience);
        Assert.True(broker.Left <= 0);
        await using Sender sender = await Sender.ConnectAsync(address).AsTask().WaitAsync(Patience);
        await sender.SendAsync("hello"u8);
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("hello", message.Text);
        message.Accept();
    }

    [BrokerFact]
    public async Task A_hub_opens_although_the_broker_fails_at_first()
    {
        using FailingBroker broker = new(failures: 2);
        Address address = broker.Address($"fails-hub-{Environment.ProcessId}");
        await using Hub hub = await Hub.BindAsync(address).AsTask().WaitAsync(Patience);
        await using Pair client = await Pair.ConnectAsync(address).AsTask().WaitAsync(Patience);
        Assert.True(broker.Left <= 0);
    }

    [BrokerFact]
    public async Task A_persistent_failure_is_reported()
    {
        using FailingBroker broker = new(failures: 100);
        FairleadException problem = await Assert.ThrowsAsync<FairleadException>(
            () => Receiver.BindAsync(broker.Address($"fails-ever-{Environment.ProcessId}")).AsTask().WaitAsync(Patience));
        Assert.Equal(ErrorCode.Unavailable, problem.Code);
        Assert.Contains("INTERNAL_ERROR", problem.Message, StringComparison.Ordinal);
        Assert.Equal(96, broker.Left);
    }
}
