namespace Fairlead.Transports.Udp;

/// <summary>The number of segments in flight: it grows while they arrive, and halves when one is lost.</summary>
/// <param name="most">The highest number.</param>
internal sealed class CongestionWindow(int most)
{
    private const double First = 10;
    private const double Least = 2;

    private double _segments = Math.Min(First, most);
    private double _threshold = most;

    public int Segments => (int)_segments;

    /// <summary>Notes that this many segments arrived while the window was full.</summary>
    public void OnArrived(int count)
    {
        _segments += _segments < _threshold ? count : count / _segments;
        _segments = Math.Min(_segments, most);
    }

    /// <summary>Notes a loss, shown by later segments that arrived.</summary>
    public void OnLost()
    {
        _threshold = Math.Max(Least, _segments / 2);
        _segments = _threshold;
    }

    /// <summary>Notes that nothing has arrived for a long time.</summary>
    public void OnSilence()
    {
        _threshold = Math.Max(Least, _segments / 2);
        _segments = Least;
    }
}
