namespace Fairlead.Patterns.Links;

/// <summary>
/// An attempt that is made less and less often while it does not pay: of twice as many occasions each time, up to 1,024, one is taken.
/// </summary>
/// <remarks>A hint: without a lock, where several threads may lose a count.</remarks>
internal struct Backoff
{
    private const int MostMisses = 10;

    private int _misses;
    private int _skips;

    /// <summary>Whether to pass this occasion over.</summary>
    public bool Skips()
    {
        if (_skips == 0)
        {
            return false;
        }

        _skips--;
        return true;
    }

    /// <summary>Behind an attempt.</summary>
    public void Note(bool hasPaid)
    {
        _misses = hasPaid ? 0 : Math.Min(_misses + 1, MostMisses);
        _skips = (1 << _misses) - 1;
    }
}
