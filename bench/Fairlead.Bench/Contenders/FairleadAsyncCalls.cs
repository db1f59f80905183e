namespace Fairlead.Bench.Contenders;

/// <summary>Type 3: awaited requests on Fairlead, answered by a handler.</summary>
internal sealed class FairleadAsyncCalls(string scheme = "unix")
    : Contender<Caller>(scheme == "unix" ? "Requester, async" : $"Requester, async, {scheme}")
{
    public override string? Missing => scheme == "amqp" ? BrokerNode.Missing : null;

    public override void Serve(Session session, Action listening)
    {
        using var responder = Responder.Bind(session.AddressOf(scheme));
        listening();
        responder.RunAsync((request, _) => request.Memory).GetAwaiter().GetResult();
    }

    public override Caller Connect(Session session) => new Client(Requester.Connect(session.AddressOf(scheme)));

    private sealed class Client(Requester requester) : AsyncCaller
    {
        public override async ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
        {
            using var message = await requester.RequestAsync(request).ConfigureAwait(false);
            message.Memory.CopyTo(reply);
        }

        public override void Dispose() => requester.Dispose();
    }
}
