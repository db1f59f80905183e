using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>A duplex talk with all connecting clients.</summary>
/// <param name="hub">The hub.</param>
/// <param name="patience">The longest time that a line waits for a full client; infinite: no limit.</param>
/// <param name="isVerbose">Whether to report on stderr clients that join and leave in order.</param>
internal sealed class HubTalk(Hub hub, TimeSpan patience, bool isVerbose)
{
    private readonly TaskCompletionSource _someoneCame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<int> RunAsync(Talk talk, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var listening = ListenAsync(talk, timeout, cancellationToken);
        var sending = SendAsync(talk, cancellationToken);
        if (await Task.WhenAny(listening, sending) == listening)
        {
            return await listening;
        }

        await sending;
        return talk.Keeps ? await listening : await Draining.CloseAsync(hub, listening, timeout, cancellationToken);
    }

    private async Task<int> ListenAsync(Talk talk, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        long heard = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var happened in hub.Events(end.Token))
            {
                if (happened is HubEvent.Said said)
                {
                    // The reader of the output may take its time, and no client is waited for meanwhile.
                    end.CancelAfter(Timeout.InfiniteTimeSpan);
                    Write(talk.Output, said);
                    if (++heard == talk.Count)
                    {
                        return ExitCode.Ok;
                    }

                    end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
                }
                else
                {
                    Note(happened);
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(ErrorCode.Timeout, $"no message arrived within {DurationText.Describe(timeout!.Value)}")
            {
                Address = hub.Address,
            };
        }

        return ExitCode.Ok;
    }

    private static void Write(MessageOutput output, HubEvent.Said said)
    {
        var payload = said.Message.Span;
        output.Write(payload, () => MessageLine.Of(said.Message) with { Client = said.Client.Number });
        said.Message.Accept();
    }

    private void Note(HubEvent happened)
    {
        if (happened is HubEvent.Joined)
        {
            _someoneCame.TrySetResult();
        }

        if (isVerbose || happened is HubEvent.Left { Reason: not CloseReason.ClosedByPeer })
        {
            ErrorLine.WriteBare(
                happened is HubEvent.Left left
                    ? $"{left.Client} left: {left.Reason}"
                    : $"{happened.Client} joined: {happened.Client.Peer}");
        }
    }

    /// <summary>
    /// Sends to each client. A client that is behind has its own line, so it delays no other until much waits for it; then stdin waits
    /// too, and loses nothing. Reads no line before a client has joined.
    /// </summary>
    private async Task SendAsync(Talk talk, CancellationToken cancellationToken)
    {
        await _someoneCame.Task.WaitAsync(cancellationToken);
        Dictionary<HubClient, ClientLine> lines = [];
        while (await talk.ReadAsync(cancellationToken) is { } message)
        {
            var clients = hub.Clients;
            if (lines.Count > clients.Count)
            {
                foreach (var gone in lines.Keys.Except(clients).ToList())
                {
                    lines.Remove(gone);
                }
            }

            foreach (var client in clients)
            {
                if (!lines.TryGetValue(client, out var line))
                {
                    lines.Add(client, line = new ClientLine(waiting => SendAsync(client, waiting, cancellationToken)));
                }

                await line.AddAsync(message);
            }
        }

        await Task.WhenAll(lines.Values.Select(static line => line.Last));
    }

    /// <summary>Sends a line, and disconnects a client that cannot take it: it must not delay the others.</summary>
    private async Task SendAsync(HubClient client, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(patience);
        try
        {
            await hub.SendAsync(client, message.Span, end.Token);
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone)
        {
            // It left, which the listener reports.
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.TooLarge)
        {
            SendAway(client, $"a line of {message.Length} bytes exceeds its limit");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            SendAway(client, $"it read nothing for {DurationText.Describe(patience)}");
        }
    }

    private void SendAway(HubClient client, string why)
    {
        ErrorLine.Write($"{hub.Address}: {client} ({client.Peer}) was disconnected: {why}");
        hub.Disconnect(client, why);
    }
}
