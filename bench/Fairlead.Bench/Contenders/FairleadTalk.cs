namespace Fairlead.Bench.Contenders;

/// <summary>Messages there and back between two ends of a <see cref="Pair"/>, blocking.</summary>
internal sealed class FairleadTalk(string scheme, string waiting = "") : Contender<Caller>(Naming.Of("Pair, blocking", scheme, waiting))
{
    private readonly bool _spins = waiting == "latency";
    private readonly string _options = Naming.Options(waiting);

    public override void Serve(Session session, Action listening)
    {
        using var pair = Pair.Bind(session.AddressOf(scheme, _options));
        using var rest = Rest.Bind(session, _spins);
        listening();
        rest.Wait();
        while (true)
        {
            using var message = pair.Receive();
            if (message.Length == 0)
            {
                rest.Wait();
            }
            else
            {
                pair.Send(message.Span);
            }
        }
    }

    public override Caller Connect(Session session) =>
        new Client(Pair.Connect(session.AddressOf(scheme, _options)), Rest.Connect(session, _spins));

    private sealed class Client(Pair pair, Sender? rest) : BlockingCaller
    {
        public override void BeginRound() => rest?.Send([1]);

        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            pair.Send(request);
            using var message = pair.Receive();
            message.Span.CopyTo(reply);
        }

        public override void EndRound()
        {
            if (rest is not null)
            {
                pair.Send(Rest.Signal);
            }
        }

        public override void Dispose()
        {
            pair.Dispose();
            rest?.Dispose();
        }
    }
}
