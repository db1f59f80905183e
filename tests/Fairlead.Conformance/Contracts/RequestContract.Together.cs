namespace Fairlead.Conformance.Contracts;

/// <content>Many awaited requests at once: their replies arrive together, their callers resume together, and send again together.</content>
public abstract partial class RequestContract
{
    [Theory]
    [InlineData(WaitStrategy.Balanced, WriteMode.Balanced)]
    [InlineData(WaitStrategy.Balanced, WriteMode.Immediate)]
    [InlineData(WaitStrategy.Latency, WriteMode.Buffered)]
    [InlineData(WaitStrategy.Efficient, WriteMode.Balanced)]
    public async Task Callers_that_are_completed_together_each_get_their_own_replies(WaitStrategy waiting, WriteMode writing)
    {
        const int Callers = 16;
        const int Calls = 25;
        EndpointOptions options = new() { WaitStrategy = waiting, WriteMode = writing };
        Responder responder = Track(await Responder.BindAsync(NewPlace(), options));
        Task answering = responder.RunAsync((request, _) => request.Memory);
        Requester requester = Track(await Requester.ConnectAsync(OtherEnd(responder.Address), options));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (int i = 0; i < Calls; i++)
            {
                using Message reply = await requester.RequestAsync(Payload.Make(i, 20 + caller, caller)).ConfigureAwait(false);
                Assert.Equal((i, caller), Payload.Check(reply.Span));
            }
        }));
        Assert.Equal(Callers * Calls, requester.Statistics.MessagesSent);
        requester.Dispose();
        await EndAsync(responder, answering);
    }
}
