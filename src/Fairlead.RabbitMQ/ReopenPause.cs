namespace Fairlead.RabbitMQ;

/// <summary>The pauses between sessions with the broker: doubling, and short again only after a session that lasted.</summary>
/// <remarks>
/// Opening a session proves little: a queue that is full, or a limit, ends each session soon after. Used by one task. The pauses are random
/// within a range, because endpoints that lost a broker together should not all return at the same time.
/// </remarks>
/// <param name="time">Measures how long a session lasted.</param>
internal sealed class ReopenPause(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>A session that lasted this long was good.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private TimeSpan _next = Shortest;
    private long _openedAt = time.GetTimestamp();

    /// <summary>A session begins.</summary>
    public void Open() => _openedAt = time.GetTimestamp();

    /// <summary>A session has ended.</summary>
    public void Lose() => _next = time.GetElapsedTime(_openedAt) >= Lasting ? Shortest : _next;

    /// <summary>Waits before the next attempt. Each further wait is longer.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = _next * (0.75 + (0.5 * Random.Shared.NextDouble()));
        _next = 2 * _next < Longest ? 2 * _next : Longest;
        return Task.Delay(pause, time, cancellationToken);
    }
}
