namespace Fairlead.Bench.Contenders;

/// <summary>Type 3: many awaited requests at once of one requester, over one connection, answered by a handler.</summary>
internal sealed class FairleadCallers(string scheme = "unix") : Contender<ConcurrentCaller>(Naming.Of("Requester, async", scheme))
{
    public override void Serve(Session session, Action listening)
    {
        using var responder = Responder.Bind(scheme == "tcp" ? "tcp://127.0.0.1:0" : session.AddressOf(scheme));

        // The system chooses the port, so the client does not know the address in advance.
        File.WriteAllText(AddressPath(session), responder.Address.ToString());
        listening();
        responder.RunAsync((request, _) => request.Memory).GetAwaiter().GetResult();
    }

    public override ConcurrentCaller Connect(Session session) => new Client(Requester.Connect(File.ReadAllText(AddressPath(session))));

    private static string AddressPath(Session session) => Path.Combine(session.Directory, session.Name + ".address");

    private sealed class Client(Requester requester) : ConcurrentCaller
    {
        public override async Task CallAsync(EchoLoop loop)
        {
            while (loop.Next())
            {
                using var reply = await requester.RequestAsync(loop.Request).ConfigureAwait(false);
                loop.Check(reply.Span);
            }
        }

        public override void Dispose() => requester.Dispose();
    }
}
