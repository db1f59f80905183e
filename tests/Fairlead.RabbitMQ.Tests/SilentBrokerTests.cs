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
    public async Task Connecting_ends_at_its_timeout_with_the_reason(int frames)
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
    public async Task Connecting_can_be_cancelled(int frames)
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

    /// <summary>Endpoints of a process share a connection, and each has a limit of its own.</summary>
    [BrokerFact]
    public async Task Endpoints_sharing_a_connection_have_their_own_timeouts()
    {
        using MuteBroker mute = new(0);
        Task<Sender> hasty = ConnectAsync(mute, TimeSpan.FromSeconds(3));
        Task<Sender> patient = ConnectAsync(mute, TimeSpan.FromMinutes(2));
        mute.Speak();
        Assert.Equal(ErrorCode.Timeout, (await Assert.ThrowsAsync<FairleadException>(() => hasty)).Code);
        await (await patient).DisposeAsync();
    }

    [BrokerFact]
    public async Task An_endpoint_sharing_a_pending_connection_keeps_its_shorter_timeout()
    {
        using MuteBroker mute = new(0);
        using CancellationTokenSource cancel = new();
        Task<Sender> patient = ConnectAsync(mute, TimeSpan.FromMinutes(5), cancel.Token);
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(
            () => ConnectAsync(mute, 500.Milliseconds()).WaitAsync(Patience));
        Assert.Equal(ErrorCode.Timeout, late.Code);
        Assert.Contains("did not answer within 0.5 s", late.Message, StringComparison.Ordinal);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient);
    }

    /// <summary>Returns when the attempt has begun, or has joined the one before.</summary>
    private static Task<Sender> ConnectAsync(MuteBroker mute, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        Task<Sender> connecting =
            Sender.ConnectAsync(mute.Address(), new EndpointOptions { HandshakeTimeout = limit }, cancellationToken).AsTask();
        SpinWait.SpinUntil(() => mute.Connections > 0 || connecting.IsCompleted);
        return connecting;
    }

    /// <summary>It lost its broker, and what it connects to now accepts and says nothing.</summary>
    [BrokerFact]
    public async Task An_endpoint_that_reconnects_to_a_silent_broker_closes_at_its_timeout()
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
