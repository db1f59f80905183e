using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The messages that were sent, and which of them are not acknowledged: how many, and how many bytes. Kept as sums, so that any number of
/// them is acknowledged at once, for the price of one, and one that is sent costs three stores. Not thread-safe: the link's send lock holds
/// it; the figures may be read without it, as hints.
/// </summary>
internal struct Unacknowledged
{
    // Behind each message: the bytes of all messages up to it, at the number of the message modulo the length of the array.
    private long[]? _sums;
    private long _acknowledged;
    private long _acknowledgedBytes;

    /// <summary>How many were sent in all.</summary>
    public long Sent { get; private set; }

    /// <summary>Their bytes.</summary>
    public long SentBytes { get; private set; }

    /// <summary>How many are not acknowledged.</summary>
    public readonly int Count => (int)(Sent - _acknowledged);

    /// <summary>Their bytes.</summary>
    public readonly long Bytes => SentBytes - _acknowledgedBytes;

    /// <summary>How many there is memory for.</summary>
    public readonly int Places => _sums is { } sums ? sums.Length : 0;

    /// <summary>All of it, for who counts on.</summary>
    public readonly BroadcastTally Tally => new(Sent, SentBytes, Count, Bytes);

    /// <summary>One was sent.</summary>
    public void Add(long bytes)
    {
        if (Count >= Places)
        {
            Grow(Count + 1);
        }

        AddInPlace(bytes);
    }

    /// <summary>The same where there is memory for one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInPlace(long bytes)
    {
        long[] sums = _sums!;
        long number = Sent;
        long sum = SentBytes + bytes;
        sums[(int)number & (sums.Length - 1)] = sum;
        SentBytes = sum;
        Sent = number + 1;
    }

    /// <summary>One was sent that nobody will acknowledge.</summary>
    public void AddUnanswered(long bytes)
    {
        Sent++;
        SentBytes += bytes;
        _acknowledged++;
        _acknowledgedBytes += bytes;
    }

    /// <summary>The oldest were acknowledged: at most as many as there are.</summary>
    public void Acknowledge(uint count)
    {
        if (count > 0)
        {
            _acknowledged += count;
            _acknowledgedBytes = _sums![(int)(_acknowledged - 1) & (_sums.Length - 1)];
        }
    }

    /// <summary>As somebody else has counted, of whose unacknowledged messages only the last is known to have any bytes.</summary>
    public void Restore(in BroadcastTally tally)
    {
        Grow((int)tally.Outstanding);
        (Sent, SentBytes) = (tally.Sent, tally.SentBytes);
        _acknowledged = tally.Sent - tally.Outstanding;
        _acknowledgedBytes = tally.SentBytes - tally.OutstandingBytes;
        for (long number = _acknowledged; number < Sent; number++)
        {
            _sums[(int)number & (_sums.Length - 1)] = number == Sent - 1 ? SentBytes : _acknowledgedBytes;
        }
    }

    /// <summary>Makes place for so many.</summary>
    [MemberNotNull(nameof(_sums))]
    private void Grow(int count)
    {
        long[] sums = _sums ?? [];
        if (_sums is null || count > sums.Length)
        {
            long[] larger = new long[Math.Max(16, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count))];
            for (long number = _acknowledged; number < Sent; number++)
            {
                larger[(int)number & (larger.Length - 1)] = sums[(int)number & (sums.Length - 1)];
            }

            _sums = larger;
        }
    }
}
