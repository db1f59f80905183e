namespace Fairlead.Bench.Contenders;

/// <summary>Messages there and back between two ends of a <see cref="Pair"/>, awaited.</summary>
internal sealed class FairleadAsyncTalk(string scheme) : Contender<Caller>(Naming.Of("Pair, async", scheme))
{
    public override void Serve(Session session, Action listening)
    {
        using var pair = Pair.Bind(session.AddressOf(scheme));
        listening();
        EchoAsync(pair).GetAwaiter().GetResult();
    }

    public override Caller Connect(Session session) => new Client(Pair.Connect(session.AddressOf(scheme)));

    private static async Task EchoAsync(Pair pair)
    {
        while (true)
        {
            using var message = await pair.ReceiveAsync().ConfigureAwait(false);
            await pair.SendAsync(message.Memory).ConfigureAwait(false);
        }
    }

    private sealed class Client(Pair pair) : AsyncCaller
    {
        public override async ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
        {
            await pair.SendAsync(request).ConfigureAwait(false);
            using var message = await pair.ReceiveAsync().ConfigureAwait(false);
            message.Memory.CopyTo(reply);
        }

        public override void Dispose() => pair.Dispose();
    }
}
