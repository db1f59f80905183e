namespace Fairlead.Bench.Contenders;

/// <summary>Many calls at once over one connection of HTTP/2.</summary>
internal sealed class Http2Callers() : Contender<ConcurrentCaller>("HTTP/2")
{
    public override void Serve(Session session, Action listening) => Http2Server.Serve(session, listening);

    public override ConcurrentCaller Connect(Session session) => new Client(new Http2Client(session));

    private sealed class Client(Http2Client http) : ConcurrentCaller
    {
        public override async Task CallAsync(EchoLoop loop)
        {
            while (loop.Next())
            {
                loop.Check(await http.AddAsync(loop.Caller, loop.Calls).ConfigureAwait(false));
            }
        }

        public override void Dispose() => http.Dispose();
    }
}
