namespace Fairlead.Bench.Contenders;

/// <summary>Type 4: blocking requests on Fairlead, answered by a blocking loop.</summary>
/// <param name="scheme">The transport.</param>
/// <param name="waiting">How the ends wait.</param>
/// <param name="idle">How many other clients stay connected to the server, and send nothing.</param>
internal sealed class FairleadCalls(string scheme = "unix", string waiting = "", int idle = 0)
    : Contender<Caller>(Naming.Of("Requester, blocking", scheme, waiting) + (idle > 0 ? $", {idle} idle" : ""))
{
    public override string? Missing => scheme == "amqp" ? BrokerNode.Missing : null;

    private readonly bool _spins = waiting == "latency";
    private readonly string _options = Naming.Options(waiting);

    public override void Serve(Session session, Action listening)
    {
        using var responder = Responder.Bind(TlsPlace.ToBind(session, scheme, _options));
        TlsPlace.Publish(session, scheme, responder.Address.Port);
        using var rest = Rest.Bind(session, _spins);
        listening();
        rest.Wait();
        while (true)
        {
            using var request = responder.Receive();
            request.Reply(request.Span);
            if (request.Length == 0)
            {
                rest.Wait();
            }
        }
    }

    public override Caller Connect(Session session)
    {
        Address address = TlsPlace.ToReach(session, scheme, _options);
        Requester[] others = new Requester[idle];
        for (int i = 0; i < idle; i++)
        {
            others[i] = Requester.Connect(address);
        }

        return new Client(Requester.Connect(address), others, Rest.Connect(session, _spins));
    }

    private sealed class Client(Requester requester, Requester[] others, Sender? rest) : BlockingCaller
    {
        public override void BeginRound() => rest?.Send([1]);

        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            using var message = requester.Request(request);
            message.Span.CopyTo(reply);
        }

        public override void EndRound()
        {
            if (rest is not null)
            {
                requester.Request(Rest.Signal).Dispose();
            }
        }

        public override void Dispose()
        {
            requester.Dispose();
            Array.ForEach(others, static other => other.Dispose());
            rest?.Dispose();
        }
    }
}
