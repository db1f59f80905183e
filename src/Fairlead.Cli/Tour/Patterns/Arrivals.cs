namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// How the receiving ends of a tour take messages: they do not stop at the expected number, and thus notice surplus ones too.
/// </summary>
internal static class Arrivals
{
    public delegate Message Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default);

    public delegate bool TryReceive(out Message message);

    /// <summary>
    /// How long surplus messages may still be on their way when everything has been sent, on a transport that carries nothing back, not
    /// even an acknowledgement.
    /// </summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMilliseconds(250);

    /// <summary>The same for the messages that are due, on a slow machine: those that have not arrived by then are lost.</summary>
    private static readonly TimeSpan IsLost = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Takes and accepts messages on this thread until the parent reports that everything has been sent, and then the rest.
    /// </summary>
    public static void Take(Stage stage, Receive receive, TryReceive tryReceive, Action<Message> handle, bool isTold = true)
    {
        var taken = 0;
        try
        {
            while (true)
            {
                TakeOne(receive(null, stage.Finished));
            }
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            // Everything has arrived if the senders know that: only surplus messages can be there now.
            while (!stage.Aborted.IsCancellationRequested && TryTake(out var extra))
            {
                TakeOne(extra);
            }
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone && stage.FinishesSoon())
        {
            // The other end has learned of the end first, and closed.
        }

        void TakeOne(Message message)
        {
            using (message)
            {
                handle(message);
                message.Accept();
                taken++;
            }
        }

        bool TryTake(out Message message)
        {
            try
            {
                if (isTold)
                {
                    return tryReceive(out message);
                }

                message = receive(taken < stage.Messages ? IsLost : OnItsWay, stage.Aborted);
                return true;
            }
            catch (Exception exception)
                when (exception is FairleadException { Code: ErrorCode.PeerGone or ErrorCode.Timeout }
                    || (exception is OperationCanceledException && stage.Aborted.IsCancellationRequested))
            {
                message = default;
                return false;
            }
        }
    }

    /// <summary>Counts a message and measures its latency.</summary>
    public static void Count(Stage stage, Tally tally, Message message)
    {
        if (tally.Add(message.Span) is { } envelope)
        {
            stage.Measure(envelope.Age);
        }
    }
}
