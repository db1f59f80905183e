namespace Fairlead.Cli.Commands;

/// <summary>A duplex talk with one peer.</summary>
internal static class PairTalk
{
    public static async Task<int> RunAsync(Pair pair, Talk talk, TimeSpan? timeout, CancellationToken token)
    {
        var incoming = Incoming.WriteAsync(pair.ReceiveAllAsync, talk.Output, talk.Count, timeout, pair, token);
        var outgoing = SendAsync(pair, talk, token);
        if (await Task.WhenAny(incoming, outgoing) == incoming)
        {
            return await incoming;
        }

        await outgoing;
        if (talk.TellsEnd)
        {
            pair.EndSending();
        }

        return talk.Keeps ? await incoming : await Draining.CloseAsync(pair, incoming, timeout, token);
    }

    private static async Task SendAsync(Pair pair, Talk talk, CancellationToken token)
    {
        while (await talk.ReadAsync(token) is { } message)
        {
            await pair.SendAsync(message, token);
        }
    }
}
