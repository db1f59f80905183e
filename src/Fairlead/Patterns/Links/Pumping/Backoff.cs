namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Makes an attempt less and less often while it does not pay.</summary>
/// <remarks>
/// After each failed attempt the number of occasions per attempt doubles, up to 1,024. This is a hint without a lock; several threads may
/// lose a count.
/// </remarks>
internal struct Backoff
{
    private const int MostMisses = 10;

    private int _misses;
    private int _skips;

    /// <summary>Returns whether to skip this occasion.</summary>
    public bool Skips()
    {
        if (_skips == 0)
        {
            return false;
        }

        _skips--;
        return true;
    }

    /// <summary>Notes the result of an attempt.</summary>
    public void Note(bool hasPaid)
    {
        _misses = hasPaid ? 0 : Math.Min(_misses + 1, MostMisses);
        _skips = (1 << _misses) - 1;
    }
}
