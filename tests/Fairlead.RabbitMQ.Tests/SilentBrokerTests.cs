namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker that accepts a connection and then says nothing more: each wait has its end.</summary>
public sealed class SilentBrokerTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The frames: none; start; tune; the connection is open; the channel is open.</summary>
    [BrokerTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Connecting_ends_at_its_limit_with_the_reason(int frames)
    {
        using MuteBroker mute = new(frames);
        EndpointOptions options = new() { HandshakeTimeout = 500.Milliseconds() };
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync(mute.Address(), options).AsTask().WaitAsync(Patience));
        Assert.Equal(ErrorCode.Timeout, late.Code);
        Assert.Contains("did not answer within 0.5 s", late.Message, StringComparison.Ordinal);
    }

    [BrokerTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Connecting_is_cancelled(int frames)
    {
        using MuteBroker mute = new(frames);
        using CancellationTokenSource cancel = new();
        EndpointOptions options = new() { HandshakeTimeout = TimeSpan.FromMinutes(5) };
        Task connecting = Sender.ConnectAsync(mute.Address(), options, cancel.Token).AsTask();
        while (mute.Connections == 0)
        {
            await Task.Yield();
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Patience));
    }

    /// <summary>It lost its broker, and what it connects to now accepts and says nothing.</summary>
    [BrokerFact]
    public async Task An_endpoint_that_seeks_a_silent_broker_closes_at_its_limit()
    {
        using MuteBroker mute = new(int.MaxValue);
        Sender sender = await Sender.ConnectAsync(mute.Address(), new EndpointOptions { HandshakeTimeout = TimeSpan.FromMinutes(5) });
        mute.LoseAll();
        while (mute.Connections < 2)
        {
            await Task.Yield();
        }

        await sender.SendAsync("in doubt"u8);
        CloseReport report = await sender.CloseAsync(200.Milliseconds()).AsTask().WaitAsync(Patience);
        Assert.True(report.DeadlinePassed);
        Assert.Equal(1, report.InDoubt);
        await sender.Completion.WaitAsync(Patience);
    }
}
