namespace Fairlead.Cli.Commands.Messaging;

/// <summary>A duplex talk with one peer.</summary>
internal static class PairTalk
{
    public static async Task<int> RunAsync(Pair pair, Talk talk, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var incoming = Incoming.WriteAsync(pair.ReceiveAllAsync, talk.Output, talk.Count, timeout, pair, cancellationToken);
        var outgoing = SendAsync(pair, talk, cancellationToken);
        if (await Task.WhenAny(incoming, outgoing) == outgoing)
        {
            await outgoing;
            if (talk.TellsEnd)
            {
                EndSending(pair);
            }

            if (!talk.Keeps)
            {
                return await Draining.CloseAsync(pair, incoming, timeout, cancellationToken);
            }
        }

        // Without a count, the other end has closed: the report tells whether it read every line.
        var code = await incoming;
        return talk.Count is null && code == ExitCode.Ok ? await Draining.CloseAsync(pair, timeout, cancellationToken) : code;
    }

    private static void EndSending(Pair pair)
    {
        try
        {
            pair.EndSending();
        }
        catch (FairleadException error) when (error.Code == ErrorCode.PeerGone)
        {
            // It has closed by now. Its last messages are still printed, and the loop over them reports its end.
        }
    }

    private static async Task SendAsync(Pair pair, Talk talk, CancellationToken cancellationToken)
    {
        while (await talk.ReadAsync(cancellationToken) is { } message)
        {
            await pair.SendAsync(message, cancellationToken);
        }
    }
}
