namespace Fairlead.Transports.Udp;

/// <summary>How many segments may be under way at once: more and more while they arrive, half as many when one is lost.</summary>
/// <param name="most">Never more.</param>
internal sealed class CongestionWindow(int most)
{
    private const double First = 10;
    private const double Least = 2;

    private double _segments = Math.Min(First, most);
    private double _threshold = most;

    public int Segments => (int)_segments;

    /// <summary>So many arrived while all that was allowed was under way.</summary>
    public void OnArrived(int count)
    {
        _segments += _segments < _threshold ? count : count / _segments;
        _segments = Math.Min(_segments, most);
    }

    /// <summary>Some got lost, and others behind them arrived.</summary>
    public void OnLost()
    {
        _threshold = Math.Max(Least, _segments / 2);
        _segments = _threshold;
    }

    /// <summary>Nothing arrived for long.</summary>
    public void OnSilence()
    {
        _threshold = Math.Max(Least, _segments / 2);
        _segments = Least;
    }
}
