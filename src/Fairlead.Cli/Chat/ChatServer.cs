namespace Fairlead.Cli.Chat;

/// <summary>Serves a room: one thread for each hub waits for all of its clients and carries out what they ask for.</summary>
/// <param name="room">The rules.</param>
/// <param name="hubs">Where clients come in, and whether those get only what people say.</param>
internal sealed class ChatServer(ChatRoom room, IReadOnlyList<(Hub Hub, bool IsSilent)> hubs)
{
    /// <summary>Runs until the operator leaves, or the token is cancelled; then tells the clients and closes.</summary>
    /// <param name="screen">The terminal or FIFO of the operator.</param>
    /// <param name="queue">The lines that the room shows.</param>
    /// <param name="patience">How long clients may take to read what was said before the end.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public async Task RunAsync(IChatScreen screen, ScreenQueue queue, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] serving = [.. hubs.Select(hub => StartThread(() => Serve(hub.Hub, hub.IsSilent, CancellationToken.None)))];
        var typing = TypeAsync(screen, end.Token);
        try
        {
            await await Task.WhenAny([typing, queue.Showing, .. serving]);
        }
        finally
        {
            await end.CancelAsync();
            room.Close();

            // Each thread goes on until its hub has closed: clients still read, and what they say meanwhile is shown.
            await Task.WhenAll(hubs.Select(hub => hub.Hub.CloseAsync(patience).AsTask()));
            await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TypeAsync(IChatScreen screen, CancellationToken cancellationToken)
    {
        while (await screen.ReadAsync(cancellationToken) is { } line)
        {
            if (!room.Type(line))
            {
                return;
            }
        }

        if (!screen.IsInteractive)
        {
            // A server that a script has started goes on without an operator.
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }
    }

    private void Serve(Hub hub, bool isSilent, CancellationToken cancellationToken)
    {
        try
        {
            while (hub.NextEvent(cancellationToken: cancellationToken) is { } happened)
            {
                Handle(hub, happened, isSilent);
            }
        }
        catch (ObjectDisposedException)
        {
            // The room has closed.
        }
    }

    private void Handle(Hub hub, HubEvent happened, bool isSilent)
    {
        switch (happened)
        {
            case HubEvent.Joined:
                room.Join(hub, happened.Client, isSilent);
                break;
            case HubEvent.Said said:
                using (said.Message)
                {
                    room.Hear(said.Client, ChatText.Of(said.Message.Span));
                    said.Message.Accept();
                }

                break;
            case HubEvent.Left left:
                room.Leave(left.Client, left.Reason);
                break;
        }
    }

    private static Task StartThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
