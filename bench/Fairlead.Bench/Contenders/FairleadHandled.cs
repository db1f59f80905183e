namespace Fairlead.Bench.Contenders;

/// <summary>Type 4: blocking requests on Fairlead, answered by a handler.</summary>
internal sealed class FairleadHandled(string scheme) : Contender<Caller>(Naming.Of("Requester, blocking, to a handler", scheme))
{
    public override string? Missing => scheme == "amqp" ? BrokerNode.Missing : null;

    public override void Serve(Session session, Action listening)
    {
        using var responder = Responder.Bind(session.AddressOf(scheme));
        listening();
        responder.RunAsync(AnswerAsync).GetAwaiter().GetResult();
    }

    public override Caller Connect(Session session) => new FairleadCalls(scheme).Connect(session);

    private static ValueTask<ReadOnlyMemory<byte>> AnswerAsync(Request request, RequestContext context)
    {
        request.Reply(request.Span);
        return default;
    }
}
