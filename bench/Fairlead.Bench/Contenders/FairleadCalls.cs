namespace Fairlead.Bench.Contenders;

/// <summary>Type 4: blocking requests on Fairlead, answered by a blocking loop.</summary>
internal sealed class FairleadCalls(string scheme = "unix") : Contender<Caller>(scheme == "unix" ? "Requester, blocking" : $"Requester, blocking, {scheme}")
{
    public override void Serve(Session session, Action listening)
    {
        using var responder = Responder.Bind($"{scheme}://{session.Name}");
        listening();
        while (true)
        {
            using var request = responder.Receive();
            request.Reply(request.Span);
        }
    }

    public override Caller Connect(Session session) => new Client(Requester.Connect($"{scheme}://{session.Name}"));

    private sealed class Client(Requester requester) : BlockingCaller
    {
        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            using var message = requester.Request(request);
            message.Span.CopyTo(reply);
        }

        public override void Dispose() => requester.Dispose();
    }
}
