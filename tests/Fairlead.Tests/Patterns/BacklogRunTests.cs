namespace Fairlead.Tests.Patterns;

/// <summary>Runs that begin when messages already wait, with handlers that block their threads until others run.</summary>
public sealed class BacklogRunTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Handlers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task Messages_that_wait_are_handled_at_once(string scheme)
    {
        await using Receiver receiver = await Receiver.BindAsync(NewAddress(scheme));
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < Handlers; i++)
        {
            await sender.SendAsync("x"u8.ToArray());
        }

        using Barrier together = new(Handlers);
        using CancellationTokenSource stop = new();
        using CountdownEvent handled = new(Handlers);
        Task running = receiver.RunAsync(
            (_, cancellationToken) =>
            {
                Assert.True(together.SignalAndWait(Patience, cancellationToken));
                handled.Signal();
                return default;
            },
            Handlers,
            stop.Token);
        Assert.True(handled.Wait(Patience));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task Requests_that_wait_are_handled_at_once(string scheme)
    {
        await using Responder responder = await Responder.BindAsync(NewAddress(scheme));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        Task<Message>[] asked = [.. Enumerable.Range(0, Handlers).Select(_ => requester.RequestAsync("x"u8).AsTask())];
        using Barrier together = new(Handlers);
        using CancellationTokenSource stop = new();
        Task running = responder.RunAsync(
            (request, _) =>
            {
                Assert.True(together.SignalAndWait(Patience));
                return request.Memory;
            },
            Handlers,
            stop.Token);
        foreach (Message reply in await Task.WhenAll(asked).WaitAsync(Patience))
        {
            reply.Dispose();
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Address NewAddress(string scheme) => $"{scheme}://run-{Guid.NewGuid():N}"[..24];
}
