using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <content>
/// A loan: memory at the tail of the ring, not published, that the borrower writes to. Other messages do not wait for it. When one is
/// written, the place becomes an empty record, which the peer skips, and still belongs to the borrower. When the ring comes round to it, it
/// is skipped again.
/// </content>
internal sealed unsafe partial class RingWriter
{
    private const long Nowhere = long.MaxValue;

    /// <summary>With less space than this before a loan, a piece is written behind it.</summary>
    private const int LeastPiece = 4 * 1024;

    private long _loan = Nowhere;
    private int _loanLength;

    // The position where the tail next reaches a skipped loan.
    private long _hole = Nowhere;

    /// <summary>Reserves a loan like <see cref="TryReserve"/>. Only one until <see cref="EndLoan"/>.</summary>
    /// <param name="bodyLength">The longest body.</param>
    /// <param name="at">The offset in the data.</param>
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

    /// <summary>Whether the loan was not skipped.</summary>
    public bool HoldsLoan => _loan == _tail;

    /// <summary>Commits the loan, or the first part of it, as a message.</summary>
    public void CommitLoan(in MessageHeader header)
    {
        _loan = Nowhere;
        FindFree();
        _reserved = RingLayout.Whole(header.Length);
        Commit(header);
    }

    /// <summary>Ends the loan: the borrower does not write to it any more.</summary>
    public void EndLoan()
    {
        _loan = _hole = Nowhere;
        FindFree();
    }

    /// <summary>Skips the loan before anything is written at the tail.</summary>
    private void SkipLoan()
    {
        if (_loan == _tail)
        {
            _hole = _loan + _memory.Capacity;
            PutRecord(RingLayout.Nothing, _loanLength);
            FindFree();
        }
    }

    /// <summary>Returns the bytes to skip before writing this many: none if they end before the loan.</summary>
    private long HoleBefore(long whole) => _tail + whole > _hole ? _hole + RingLayout.Whole(_loanLength) - _tail : 0;

    /// <summary>Writes an empty record from the tail to the end of the loan.</summary>
    /// <remarks>Its header is before the borrower's bytes, at the latest where their own header would be.</remarks>
    private void SkipHole(long hole)
    {
        if (hole > 0)
        {
            _hole += _memory.Capacity;
            PutRecord(RingLayout.Nothing, (int)(hole - MessageHeader.Size));
            FindFree();
        }
    }
}
