namespace Fairlead.Transports.SharedMemory;

/// <summary>The leased records, in order, and which of them were released out of order.</summary>
internal struct LentRecords
{
    private long[] _starts;
    private int _first;

    public int Count { get; private set; }

    public readonly long First => _starts[_first] & ~1L;

    public void Add(long start)
    {
        _starts ??= new long[16];
        if (Count == _starts.Length)
        {
            long[] larger = new long[2 * Count];
            for (int i = 0; i < Count; i++)
            {
                larger[i] = _starts[(_first + i) & (Count - 1)];
            }

            _starts = larger;
            _first = 0;
        }

        _starts[(_first + Count++) & (_starts.Length - 1)] = start;
    }

    /// <summary>Marks a record, and removes all marked records from the front.</summary>
    /// <remarks>Records are aligned to 8 bytes, so the lowest bit is free for the mark.</remarks>
    public void MarkReleased(long start)
    {
        int low = 0;
        int high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if ((_starts[(_first + middle) & (_starts.Length - 1)] & ~1L) < start)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        _starts[(_first + low) & (_starts.Length - 1)] |= 1;
        while (Count > 0 && (_starts[_first] & 1) != 0)
        {
            _first = (_first + 1) & (_starts.Length - 1);
            Count--;
        }
    }
}
