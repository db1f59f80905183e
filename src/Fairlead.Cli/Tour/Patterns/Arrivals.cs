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
                TakeOne(receive(null, stage.Finished));
            }
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            // Everything that was sent has arrived: only what must not be there is there now.
            while (!stage.Aborted.IsCancellationRequested && TryTake(out var extra))
            {
                TakeOne(extra);
            }
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone && stage.FinishesSoon())
        {
            // The other end has heard of the end first, and closed.
        }

        void TakeOne(Message message)
        {
            using (message)
            {
                handle(message);
                message.Accept();
            }
        }

        bool TryTake(out Message message)
        {
            try
            {
                return tryReceive(out message);
            }
            catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone)
            {
                message = default;
                return false;
            }
        }
    }

    /// <summary>Counts a message and measures its way.</summary>
    public static void Count(Stage stage, Tally tally, Message message)
    {
        if (tally.Add(message.Span) is { } envelope)
        {
            stage.Measure(envelope.Age);
        }
    }
}
