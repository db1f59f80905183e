namespace Fairlead.RabbitMQ.Bridges;

/// <summary>A message as the broker delivered it: how it is acknowledged, and who waits for a receipt.</summary>
/// <param name="Acks">The acknowledgements of its channel.</param>
/// <param name="Answers">The way of its receipt.</param>
/// <param name="Tag">Its number on the channel.</param>
/// <param name="ReplyTo">The queue of the receipt; null: the sender wants none.</param>
/// <param name="CorrelationId">The number of the receipt.</param>
/// <param name="Ended">Cancelled with the session or the endpoint.</param>
internal sealed record Delivered(
    AckWindow Acks, AnswerChannel Answers, ulong Tag, string? ReplyTo, string? CorrelationId, CancellationToken Ended)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The pause of a message that came again once.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it was delivered before; from a queue that does not count, how often this receiver saw it again.</summary>
    public long Earlier { get; init; }

    /// <summary>By what the receiver counts its deliveries; null if the queue does, or it comes for the first time.</summary>
    public string? CountedBy { get; init; }

    public bool IsRedelivered => Earlier > 0;

    /// <summary>Waits before a message goes back that went back before: a poison message must not keep everybody busy.</summary>
    /// <remarks>During the pause it counts as unacknowledged, and takes one place of the prefetch.</remarks>
    public async ValueTask PauseAsync(TimeProvider time)
    {
        if (!IsRedelivered)
        {
            return;
        }

        TimeSpan pause = ShortestPause * Math.Pow(2, Math.Min(Earlier - 1, 10));
        try
        {
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, Ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It goes back now.
        }
    }
}
