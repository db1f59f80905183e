using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <content>
/// A place in the ring that is lent out to be written into, at its tail and not published. Whatever is written meanwhile does not wait for
/// it: the place becomes a record of nothing, which the peer passes over, and goes on being the borrower's. When the ring comes round to
/// it, it is passed over again.
/// </content>
internal sealed unsafe partial class RingWriter
{
    private const long Nowhere = long.MaxValue;

    /// <summary>With less room than for this in front of a place that is lent out, a piece goes behind it.</summary>
    private const int LeastPiece = 4 * 1024;

    private long _loan = Nowhere;
    private int _loanLength;

    // Where the tail next comes to a place that was passed over.
    private long _hole = Nowhere;

    /// <summary>As <see cref="TryReserve"/>; until <see cref="EndLoan"/> no other.</summary>
    /// <param name="bodyLength">At most.</param>
    /// <param name="at">Where in the data.</param>
    public bool TryLoan(int bodyLength, out int at)
    {
        at = 0;
        if (!TryReserve(bodyLength, out _))
        {
            return false;
        }

        _loan = _tail;
        _loanLength = bodyLength;
        FindFree();
        at = (int)(_tail & _mask) + MessageHeader.Size;
        return true;
    }

    /// <summary>Whether the place has not been passed over.</summary>
    public bool HoldsLoan => _loan == _tail;

    /// <summary>Commits the place, or the first part of it, as a message.</summary>
    public void CommitLoan(in MessageHeader header)
    {
        _loan = Nowhere;
        FindFree();
        _reserved = RingLayout.Whole(header.Length);
        Commit(header);
    }

    /// <summary>The borrower writes there no more.</summary>
    public void EndLoan()
    {
        _loan = _hole = Nowhere;
        FindFree();
    }

    /// <summary>Before anything is written at the tail.</summary>
    private void PassOverLoan()
    {
        if (_loan == _tail)
        {
            _hole = _loan + _memory.Capacity;
            PutRecord(RingLayout.Nothing, _loanLength);
            FindFree();
        }
    }

    /// <summary>Bytes to be passed over before so many are written: none where they end before the place that is lent out.</summary>
    private long HoleBefore(long whole) => _tail + whole > _hole ? _hole + RingLayout.Whole(_loanLength) - _tail : 0;

    /// <summary>
    /// A record of nothing from the tail to the end of the place. Its header lies before the borrower's bytes, at the latest where their
    /// own would.
    /// </summary>
    private void PassOverHole(long hole)
    {
        if (hole > 0)
        {
            _hole += _memory.Capacity;
            PutRecord(RingLayout.Nothing, (int)(hole - MessageHeader.Size));
            FindFree();
        }
    }
}
