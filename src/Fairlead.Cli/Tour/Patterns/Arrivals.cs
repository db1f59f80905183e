namespace Fairlead.Cli.Tour.Patterns;

/// <summary>How the receiving ends of a tour take messages: they do not know how many there should be, so that one too many is seen too.</summary>
internal static class Arrivals
{
    public delegate Message Receive(TimeSpan? timeout = null, CancellationToken token = default);

    public delegate bool TryReceive(out Message message);

    /// <summary>Takes and accepts messages in this thread until the parent says that everything has been sent, and then what is left.</summary>
    public static void Take(Stage stage, Receive receive, TryReceive tryReceive, Action<Message> handle)
    {
        try
        {
            while (true)
            {
                using var message = receive(null, stage.Finished);
                handle(message);
                message.Accept();
            }
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            // Everything that was sent has been acknowledged: only what must not be there is there now.
        }

        while (tryReceive(out var extra))
        {
            using (extra)
            {
                handle(extra);
            }
        }
    }
}
