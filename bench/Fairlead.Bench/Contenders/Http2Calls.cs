namespace Fairlead.Bench.Contenders;

/// <summary>One awaited call after the other over HTTP/2: HttpClient cannot block with this version.</summary>
internal sealed class Http2Calls() : Contender<Caller>("HTTP/2, async")
{
    public override void Serve(Session session, Action listening) => Http2Server.Serve(session, listening);

    public override Caller Connect(Session session) => new Client(new Http2Client(session));

    private sealed class Client(Http2Client http) : AsyncCaller
    {
        public override async ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
        {
            (int a, int b) = Summands.Of(request.Span);
            int sum = await http.AddAsync(a, b).ConfigureAwait(false);
            Summands.Put(reply.Span, sum);
        }

        public override void Dispose() => http.Dispose();
    }
}
