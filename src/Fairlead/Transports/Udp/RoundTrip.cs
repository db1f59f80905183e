namespace Fairlead.Transports.Udp;

/// <summary>Measures how long answers take, smoothed, and derives how long to wait for one.</summary>
internal sealed class RoundTrip
{
    public static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan MostTimeout = TimeSpan.FromSeconds(2);

    private const int MostBackOff = 8;

    /// <summary>The repetitions at the same interval before backing off.</summary>
    /// <remarks>
    /// One or two losses on the way there or back are not a sign of congestion. A single segment in flight has no later ones that would
    /// reveal a loss.
    /// </remarks>
    private const int Steady = 2;

    private static readonly TimeSpan FirstTimeout = TimeSpan.FromMilliseconds(200);

    private TimeSpan? _smoothed;
    private TimeSpan _variation;
    private int _backOff;

    /// <summary>The shortest measured time.</summary>
    public TimeSpan Least { get; private set; } = TimeSpan.MaxValue;

    public TimeSpan Smoothed => _smoothed ?? FirstTimeout;

    /// <summary>How long to wait for an answer. From the third missing answer on, it doubles each time.</summary>
    public TimeSpan Timeout
    {
        get
        {
            TimeSpan timeout = _smoothed is { } smoothed ? smoothed + (4 * _variation) : FirstTimeout;
            timeout = timeout < LeastTimeout ? LeastTimeout : timeout;
            timeout *= 1 << Math.Max(0, _backOff - Steady);
            return timeout > MostTimeout ? MostTimeout : timeout;
        }
    }

    public void BackOff() => _backOff = Math.Min(_backOff + 1, MostBackOff);

    public void OnProgress() => _backOff = 0;

    public void Measure(TimeSpan time)
    {
        Least = time < Least ? time : Least;
        if (_smoothed is not { } smoothed)
        {
            (_smoothed, _variation) = (time, time / 2);
            return;
        }

        _variation = (3 * _variation / 4) + ((smoothed - time).Duration() / 4);
        _smoothed = (7 * smoothed / 8) + (time / 8);
    }
}
